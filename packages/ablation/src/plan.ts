import { type LayoutName, layouts } from '@audio-ssl/datasets';
import {
  type Config,
  configDifferences,
  continuedConfig,
  InputError,
  loadConfig,
  parseSavedConfig,
} from '@audio-ssl/experiment';
import { variantSources, withSettings } from '@audio-ssl/matpac';
import type { Published } from '@audio-ssl/report';
import { readJson, writeJson } from '@audio-ssl/trainer';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startSlug, suiteFiles } from './suite-files.js';
import type { Suite, SuiteRow } from './suites.js';
import { variantChanges } from './variant-changes.js';

/** A row of a plan: a suite's row with its whole configuration (but for the seed). */
export interface PlannedRow {
  readonly name: string;
  /** Name of its folder. */
  readonly slug: string;
  /** How it differs from the baseline, such as `classification.weight 0.5 -> 0`. */
  readonly changes: readonly string[];
  readonly source?: string | undefined;
  readonly published?: Published | undefined;
  readonly config: Config;
}

/** What a suite is to do; saved as `suite.json` before anything is measured. */
export interface SuitePlan {
  readonly suite: string;
  readonly title: string;
  readonly data: string;
  readonly dataName?: string | undefined;
  readonly layout: LayoutName;
  readonly rows: readonly PlannedRow[];
  readonly seeds: readonly number[];
  /** Seconds for all of it, or null: then every run has the configuration's steps. */
  readonly budget: number | null;
  /** What started it, in words. */
  readonly command: string;
  /** When it was first planned, ISO 8601. */
  readonly started: string;
}

/** What {@link planSuite} takes. */
export interface PlanOptions {
  readonly suite: Suite;
  /** Folder of a labelled data set. */
  readonly data: string;
  /** What the report calls the data; by default as the data set calls itself. */
  readonly dataName?: string | undefined;
  readonly layout: LayoutName;
  /** Number of seeds a row, from the configuration's on. */
  readonly seeds: number;
  /** Seconds for all of it; without it, or with null, every run has the configuration's steps. */
  readonly budget?: number | null | undefined;
  /** Sizes and defaults of every run. */
  readonly preset: string;
  /** A YAML file with settings of every run. */
  readonly file?: string | undefined;
  /** Single settings of every run, such as `optimizer.learningRate=1e-3`. */
  readonly set?: readonly string[] | undefined;
  /** What starts the suite, for the report: a command line, say. */
  readonly command?: string | undefined;
}

/**
 * Builds every row's configuration: preset and variant, the user's settings, above them what the baseline changes, and what
 * the row changes on top.
 *
 * @throws InputError for a layout without labels, a row that changes what all rows share, and for `minutes`
 */
export async function planSuite(options: PlanOptions): Promise<SuitePlan> {
  const { suite, dataName, layout, seeds, budget = null, preset, file, set } = options;
  const { command = 'ablate(), called by a program' } = options;
  if (!layouts[layout].labelled)
    throw new InputError(`\`layout\` ${layout} has no labels; a suite is probed on labelled data`, 'option');
  if (!(Number.isInteger(seeds) && seeds >= 1))
    throw new InputError(`\`seeds\`: expected a whole number of 1 or more, got ${seeds}`, 'option');
  for (const row of suite.rows) refuseShared(suite, row);
  const [first, ...others] = suite.rows as readonly [SuiteRow, ...SuiteRow[]];
  const configure = (layers: readonly object[]): Promise<Config> => {
    const over = layers.reduce((at, layer) => withSettings(at, layer), {});
    return loadConfig({ preset, file, set, over: { ...over } });
  };
  const baseline = await configure([
    variantChanges('matpac', first.setting.variant),
    first.setting,
    { data: { dataset: layout } },
  ]);
  const { seed, steps, minutes, batchSize, probe } = baseline;
  if (minutes !== null)
    throw new InputError('minutes is the time of a single run; give `budget`, the time of the whole suite', 'option');
  const { dataset, frontEnd, mean, std, channel, damaged, ffmpeg } = baseline.data;
  const data = { dataset, frontEnd, mean, std, channel, damaged, ffmpeg };
  const shared = { seed, steps, minutes, batchSize, probe, data };
  const configureRow = ({ setting }: SuiteRow): Promise<Config> =>
    configure([first.setting, variantChanges(baseline.variant, setting.variant), setting, shared]);
  const configs = [baseline, ...(await Promise.all(others.map(configureRow)))];
  const slugs = new Set([startSlug]);
  const rows = suite.rows.flatMap(({ name, setting, published, ...row }, i): PlannedRow[] => {
    const config = configs[i] as Config;
    const source = row.source ?? (setting.variant && variantSources[setting.variant]);
    // `variant` names where values come from; the values themselves are what counts.
    const changes = configDifferences(baseline, { ...config, variant: baseline.variant });
    if (i > 0 && changes.length === 0) return []; // the baseline has this level
    return [{ name, slug: unique(name, slugs), changes, source, published, config }];
  });
  if (rows.length < 2) throw new InputError(`suite ${suite.name}: every row equals the baseline; change its settings`);
  return {
    suite: suite.name,
    title: suite.title,
    data: resolve(options.data),
    dataName,
    layout,
    rows,
    seeds: Array.from({ length: seeds }, (_, i) => baseline.seed + i),
    budget,
    command,
    started: new Date().toISOString(),
  };
}

// What the tasks of a suite take from the baseline for all rows, and how it is given.
const sharedKeys: Readonly<Record<string, string>> = {
  seed: '`set` seed=FIRST, and their number with `seeds`',
  steps: '`budget`, or `set` steps=COUNT',
  minutes: '`budget`',
  'data.dataset': '`layout`',
  ...Object.fromEntries(
    [
      'batchSize',
      ...['data.frontEnd', 'data.mean', 'data.std', 'data.channel', 'data.damaged', 'data.ffmpeg'],
      ...['probe.pool', 'probe.folds'],
    ].map((key) => [key, `\`set\` ${key}=VALUE, or in \`file\``]),
  ),
};

function refuseShared(suite: Suite, { name, setting }: SuiteRow): void {
  for (const [key, how] of Object.entries(sharedKeys)) {
    const value = key
      .split('.')
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], setting);
    if (value === undefined) continue;
    throw new InputError(`suite ${suite.name}, row ${name}: ${key} is the same for all rows; give it with ${how}`);
  }
}

/**
 * Saves a plan in the folder of a suite, or continues with the one that is there, under the present command.
 *
 * @throws InputError when the folder holds another suite
 */
export async function savePlan(out: string, plan: SuitePlan): Promise<SuitePlan> {
  const path = join(out, suiteFiles.plan);
  if (!existsSync(path)) {
    await writeJson(path, plan);
    return readPlan(out);
  }
  const saved = await readPlan(out);
  const differences = [
    ...(saved.data === plan.data ? [] : [`data ${saved.data} -> ${plan.data}`]),
    ...(saved.budget === plan.budget ? [] : [`budget ${saved.budget} s -> ${plan.budget} s`]),
    ...(String(saved.seeds) === String(plan.seeds) ? [] : [`seeds ${saved.seeds} -> ${plan.seeds}`]),
    ...rowDifferences(saved.rows, plan.rows),
  ];
  if (differences.length === 0) return { ...saved, command: plan.command };
  throw new InputError(
    `${out} holds another suite (${differences.join('; ')}); give another \`out\`, or the same options to continue it`,
  );
}

/** Reads the plan in the folder of a suite. */
export async function readPlan(out: string): Promise<SuitePlan> {
  const plan = await readJson<SuitePlan>(join(out, suiteFiles.plan));
  return { ...plan, rows: plan.rows.map((row) => ({ ...row, config: parseSavedConfig(row.config) })) };
}

function rowDifferences(before: readonly PlannedRow[], now: readonly PlannedRow[]): string[] {
  const names = (rows: readonly PlannedRow[]): string => rows.map(({ name }) => name).join(', ');
  if (names(before) !== names(now)) return [`rows ${names(before)} -> ${names(now)}`];
  const probe = ([row]: readonly PlannedRow[]): string => JSON.stringify(row?.config.probe);
  if (probe(before) !== probe(now)) return [`probe ${probe(before)} -> ${probe(now)}`]; // a run alone may be probed again
  return before.flatMap(({ name, config }, i) =>
    configDifferences(config, continuedConfig(config, (now[i] as PlannedRow).config)).map(
      (difference) => `${name}: ${difference}`,
    ),
  );
}

function unique(name: string, taken: Set<string>): string {
  const base =
    name
      .toLowerCase()
      .replaceAll('+', 'p')
      .replace(/[^a-z0-9.]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '') || 'row'; // `..` would lead out of the suite's folder
  let slug = base;
  for (let i = 2; taken.has(slug); i++) slug = `${base}-${i}`;
  taken.add(slug);
  return slug;
}
