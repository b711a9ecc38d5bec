import { configMessages, InputError } from '@audio-ssl/experiment';
import { type Factor, factors, type FactorName, type Setting, type VariantName } from '@audio-ssl/matpac';
import type { Published } from '@audio-ssl/report';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

/** What a row of a suite changes in the configuration that all rows share. */
export type RowSetting = Setting & { readonly variant?: VariantName };

/** One row of a suite: a setting, compared with the baseline. */
export interface SuiteRow {
  readonly name: string;
  readonly setting: RowSetting;
  /** Where the choice comes from; a row that names a variant has that one's. */
  readonly source?: string | undefined;
  readonly published?: Published | undefined;
}

/** What is compared with what; the first row is the baseline. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly SuiteRow[];
}

const matpacTable = 'MATPAC, Table I';

/** All levels of factors as rows; the plan leaves out the one that its baseline has, which need not be MATPAC's. */
function levels(...names: readonly FactorName[]): SuiteRow[] {
  return names.flatMap((name) => {
    const { source, levels: all }: Factor = factors[name];
    return Object.entries(all).map(([level, setting]) => ({ name: `${words(name)}: ${level}`, setting, source }));
  });
}

/** `maskRatio` as `mask ratio`. */
function words(name: FactorName): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

const baseline: SuiteRow = { name: 'MATPAC', setting: {} };

/** The suites that have names. */
export const suites = {
  paper: {
    name: 'paper',
    title: "The choices of MATPAC's and MATPAC++'s papers",
    rows: [
      baseline,
      {
        name: 'prediction only',
        setting: factors.lossWeights.levels['prediction only'],
        source: factors.lossWeights.source,
        published: { average: -0.9, esc50: -1.0, source: matpacTable },
      },
      {
        name: 'classification only',
        setting: factors.lossWeights.levels['classification only'],
        source: factors.lossWeights.source,
      },
      {
        name: 'temperature warm-up of 20 epochs',
        setting: factors.temperatureWarmup.levels['20 epochs'],
        source: factors.temperatureWarmup.source,
        published: { average: -0.2, esc50: -0.3, source: matpacTable },
      },
      {
        name: 'MATPAC++',
        setting: { variant: 'matpacPlusPlus' },
        published: { average: 0.5, esc50: 0.1, source: 'MATPAC++, Table 1' },
      },
      {
        name: 'M2D',
        setting: { variant: 'm2d' },
        // Not Table I of MATPAC, whose row of M2D is partly copied from its own paper: another protocol.
        published: { average: -0.9, esc50: -0.9, source: 'MATPAC++, Table 1' },
      },
    ],
  },
  masking: {
    name: 'masking',
    title: 'How much is masked, and which patches together',
    rows: [baseline, ...levels('maskRatio', 'maskStrategy')],
  },
  targets: {
    name: 'targets',
    title: 'What the teacher sees, what of it is predicted, and what keeps its classes from collapsing',
    rows: [
      baseline,
      ...levels(
        'teacherInput',
        'targetStandardization',
        'targetLayers',
        'predictionLoss',
        'centering',
        'teacherStart',
        'averageOrder',
      ),
    ],
  },
} as const satisfies Record<string, Suite>;

/**
 * The name of a suite: as given, or its file's without folder and extension.
 *
 * @example
 * suiteName('suites/heads.yaml'); // 'heads'
 */
export function suiteName(nameOrFile: string): string {
  return nameOrFile.replace(/^.*[\\/]/, '').replace(/\.ya?ml$/, '');
}

const group = z.record(z.string(), z.unknown());
const fileSchema = z.strictObject({
  title: z.string().min(1).optional(),
  baseline: group.default({}),
  rows: z.record(z.string().min(1), group).default({}),
  factors: z.array(z.enum(Object.keys(factors) as [FactorName, ...FactorName[]])).default([]),
});

/** What is wrong with a file, with the nearest right word for a factor or key that is misspelt. */
function mistakes(content: unknown, error: z.ZodError): string {
  const isWord = ({ path, code }: z.core.$ZodIssue): boolean => path[0] === 'factors' || code === 'unrecognized_keys';
  return error.issues.every(isWord) ? configMessages(fileSchema, content, error).join('; ') : z.prettifyError(error);
}

/**
 * A suite by its name, or from a YAML file:
 *
 * ```yaml
 * title: Smaller heads
 * rows:
 *   fewer classes: { model: { head: { pseudoClasses: 64 } } }
 *   no head: { variant: predictionOnly }
 * factors: [headDepth] # and every level of a factor of @audio-ssl/matpac but the baseline's
 * ```
 *
 * @throws InputError for a name that is neither, and for a file that is not a suite
 */
export async function loadSuite(nameOrFile: string): Promise<Suite> {
  if (Object.hasOwn(suites, nameOrFile)) return suites[nameOrFile as keyof typeof suites];
  const text = await readFile(nameOrFile, 'utf8').catch(() => {
    throw new InputError(
      `\`suite\` ${nameOrFile}: neither one of ${Object.keys(suites).join(', ')} nor a file that can be read`,
      'option',
    );
  });
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new InputError(`${nameOrFile} is not YAML: ${(error as Error).message}`);
  }
  const result = fileSchema.safeParse(content);
  if (!result.success) throw new InputError(`${nameOrFile} is not a suite: ${mistakes(content, result.error)}`);
  const { title, baseline: start, rows, factors: names } = result.data;
  const all: SuiteRow[] = [
    { name: 'baseline', setting: start as RowSetting },
    ...Object.entries(rows).map(([name, setting]) => ({ name, setting: setting as RowSetting })),
    ...levels(...names),
  ];
  const twice = all.find(({ name }, i) => all.findIndex((other) => other.name === name) !== i);
  if (twice) throw new InputError(`${nameOrFile}: two rows are called ${twice.name}; rename one of them`);
  if (all.length < 2) throw new InputError(`${nameOrFile}: nothing to compare with the baseline; add rows or factors`);
  const name = suiteName(nameOrFile);
  return { name, title: title ?? name, rows: all };
}
