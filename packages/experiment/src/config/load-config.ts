import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { InputError } from '../input-error.js';
import { configMessages } from './config-messages.js';
import { type Config, configSchema } from './config-schema.js';
import { presetLayers } from './preset-config.js';

const GUIDE = 'https://github.com/audio-ssl/audio-ssl/blob/main/docs/guide/configuration.md';

/** Where the values of a configuration come from; what stands later wins. */
export interface ConfigSources {
  /** Sizes of the networks and the defaults that go with them: `demo`, `small-data`, `tiny`, `small` or `base`. */
  readonly preset: string;
  /** The path of a YAML file. */
  readonly file?: string | undefined;
  /** Assignments such as `optimizer.learningRate=1e-3`; the value is read as YAML. */
  readonly set?: readonly string[] | undefined;
  /** Values that stand below the file: the caller's own defaults. */
  readonly defaults?: Readonly<Record<string, unknown>> | undefined;
  /** Values that stand above everything: what a row of an ablation changes. */
  readonly over?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Builds a configuration: schema defaults, then the preset, the caller's defaults, the YAML file, the assignments.
 *
 * @throws InputError naming each unknown key (with the nearest valid one) and each value out of its range
 * @example const config = await loadConfig({ preset: 'tiny', set: ['steps=100', 'data.mean=dataset'] });
 */
export async function loadConfig({ preset, file, set = [], defaults = {}, over = {} }: ConfigSources): Promise<Config> {
  const asked = [file === undefined ? {} : await readYaml(file), ...set.map(readAssignment), over];
  refuseTwoLengths(asked.reduce(merge, {}));
  const given = [defaults, ...asked].reduce(merge, { preset, variant: 'matpac' });
  const names = z.object({ preset: configSchema.shape.preset, variant: configSchema.shape.variant }).safeParse(given);
  if (!names.success) throw refusal(given, names.error);
  return parseConfig([...presetLayers(names.data.preset, names.data.variant), given].reduce(merge, {}));
}

/**
 * Checks a configuration and fills in what it leaves out.
 *
 * @throws InputError as {@link loadConfig}
 * @example
 * const config = parseConfig(JSON.parse(await readFile('config.json', 'utf8')));
 */
export function parseConfig(input: unknown): Config {
  const result = configSchema.safeParse(input);
  if (result.success) return result.data;
  throw refusal(input, result.error);
}

function refuseTwoLengths({ steps, minutes = null }: Readonly<Record<string, unknown>>): void {
  if (steps === undefined || minutes === null) return;
  throw new InputError(
    `configuration: expected steps or minutes, got both (${JSON.stringify(steps)} and ${JSON.stringify(minutes)}); leave one out`,
    'option',
  );
}

function refusal(input: unknown, error: z.ZodError): InputError {
  const messages = configMessages(configSchema, input, error);
  return new InputError(
    `${messages.map((message) => `configuration: ${message}`).join('\n')}\nSee ${GUIDE} for every key.`,
  );
}

async function readYaml(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      `${file}: ${error.code === 'ENOENT' ? 'no such file' : error.message}; give the path of a YAML file`,
    );
  });
  try {
    // The messages for what is wrong with a text show it, which a terminal would obey.
    if (/[^\P{Cc}\t\n\r]|\uFFFD/u.test(text)) throw new Error('it is not text; is it another file?');
    const value: unknown = parse(text, { logLevel: 'error' }) ?? {};
    if (!isGroup(value)) throw new Error('expected keys and values at the top');
    return value;
  } catch (error) {
    throw new InputError(`${file} is not a configuration in YAML: ${(error as Error).message}`);
  }
}

function readAssignment(assignment: string): Readonly<Record<string, unknown>> {
  const at = assignment.indexOf('=');
  if (at < 1)
    throw new InputError(`\`set\` ${assignment}: expected KEY=VALUE, such as optimizer.learningRate=1e-3`, 'option');
  let value: unknown;
  try {
    value = parse(assignment.slice(at + 1), { logLevel: 'error' });
  } catch (error) {
    throw new InputError(
      `\`set\` ${assignment}: the value is not valid YAML (${(error as Error).message}); quote it`,
      'option',
    );
  }
  return assignment
    .slice(0, at)
    .split('.')
    .reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
}

function merge(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    merged.set(key, isGroup(below) && isGroup(value) ? merge(below, value) : value);
  }
  return Object.fromEntries(merged); // makes a key like any other of `__proto__`, so that it is refused
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
