import type { Config } from './config-schema.js';

// What may change when a run is resumed: it affects neither the steps that were made nor those to come.
const free = new Set([
  'checkpointEvery',
  'data.workers',
  'probe.pool',
  'probe.folds',
  'monitor.every',
  'monitor.clips',
  'logs.tensorboard',
]);

// Keys that came after the first runs, and the values at which a run is what it was before: then it is known without them.
const later: Readonly<Record<string, string>> = {
  'data.segment': 'null',
  'data.channel': '"mean"',
  'data.damaged': '"refuse"',
  'data.ffmpeg': 'true',
};

/** The settings that fix a run's numbers, flat: `optimizer.learningRate` to its value as JSON. */
export function fixedSettings(config: Config): Readonly<Record<string, string>> {
  return Object.fromEntries(flatten(config).filter(([key, value]) => !free.has(key) && later[key] !== value));
}

/**
 * Lists the fixed settings in which two configurations differ, such as `batchSize 32 -> 64`.
 *
 * @example
 * if (configDifferences(record.config, config).length > 0) throw new Error('another run');
 */
export function configDifferences(before: Config, after: Config): string[] {
  const [old, now] = [before, after].map((config) => ({ ...later, ...fixedSettings(config) })) as [Settings, Settings];
  const keys = Object.keys({ ...old, ...now });
  // A group that is null on one side is named by its keys.
  const isGroup = (key: string): boolean => keys.some((other) => other.startsWith(`${key}.`));
  return keys
    .filter((key) => old[key] !== now[key] && !isGroup(key))
    .map((key) => `${key} ${old[key] ?? 'unset'} -> ${now[key] ?? 'unset'}`);
}

type Settings = Readonly<Record<string, string>>;

function flatten(value: unknown, path = ''): [string, string][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, path ? `${path}.${key}` : key));
}
