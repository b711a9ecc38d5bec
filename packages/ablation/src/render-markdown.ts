import { stringify } from 'yaml';
import { bound, percent } from '@audio-ssl/report';
import { duration } from '@audio-ssl/report';
import { comparison, type OverSeeds, type RowResult, type SuiteResults } from './results.js';

/** What a report says of its statistics, in both its forms. */
export function howToRead({ seeds, folds, clips, rows }: SuiteResults): readonly string[] {
  const compared = rows.length - 1;
  return [
    `Each run is pretrained without labels and probed by logistic regression on frozen features of ${clips} clips, in ${folds}. All rows share seeds, data order, folds, batch size and number of steps.`,
    seeds.length > 1
      ? `Accuracies and differences are means over ${seeds.length} seeds, or as many as are told where runs are missing, with Student's 95 % interval: where the mean over many seeds lies. The differences are taken seed by seed.`
      : 'With one seed nothing can be said of how results vary with the seed; run more seeds for that. The verdict is from the interval over clips.',
    'The interval over clips is a paired bootstrap of the same difference, seeds held fixed: where the difference over many clips lies.',
    ...(seeds.length > 1
      ? [
          'A difference is called higher or lower where both intervals leave zero out; with one seed done, where that over clips does.',
        ]
      : []),
    compared > 1
      ? `${compared} rows are compared with the baseline: one interval in twenty misses by chance.`
      : 'One row is compared with the baseline.',
    "Random start is the baseline's untrained encoder; rows that change the encoder start from another.",
  ];
}

/** The results as Markdown: the tables alone, and the whole page. */
export function renderMarkdown(results: SuiteResults): { readonly table: string; readonly page: string } {
  const { title, suite, dataset, done, total, steps, batchSize, seeds, logMel, chance, secondsSpent } = results;
  const { esc50: onEsc50 } = results;
  const tables = results.poolings.map((pooling) =>
    [
      `### Pooled by ${pooling}`,
      '',
      '| row | accuracy | difference | over seeds | over clips | verdict |',
      '| --- | ---: | ---: | ---: | ---: | --- |',
      ...results.rows.map((row, i) => {
        const score = row.scores[pooling];
        const difference = score?.difference;
        return cells([
          row.name,
          score?.accuracy ? `${accuracy(score.accuracy)}${ofSeeds(score, results)}` : 'not done',
          ...(difference
            ? [
                `${points(difference.mean)}${ofSeeds(difference, results)}`,
                difference.low === null ? 'one seed' : range(difference.low, difference.high as number),
                range(difference.clips.low, difference.clips.high),
                difference.verdict,
              ]
            : ['', '', '', i === 0 ? 'baseline' : '']),
        ]);
      }),
      cells(['random start', orNotDone(results.randomStart[pooling]), '', '', '', '']),
      cells(['log-mel statistics', percent(logMel), '', '', '', '']),
      cells(['chance', percent(chance), '', '', '', '']),
    ].join('\n'),
  );
  const published = results.rows.flatMap((row) => publishedLine(row, results, onEsc50));
  const table = [
    `${done} of ${total} runs, ${steps} steps of ${batchSize} clips each, ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}, ${dataset}; ${duration(secondsSpent)} in all`,
    ...tables,
    ...(published.length
      ? [
          [
            '### Against the papers',
            '',
            `| row | pooling | here | published${onEsc50 ? ' on ESC-50' : ', average of their tasks'} | |`,
            '| --- | --- | ---: | ---: | --- |',
            ...published,
          ].join('\n'),
        ]
      : []),
  ].join('\n\n');
  const failed = results.rows.flatMap(({ name, runs }) =>
    runs.flatMap(({ seed, failed: reason }) => (reason ? [`- ${name}, seed ${seed}: ${reason}`] : [])),
  );
  const notes = results.rows.flatMap(({ name, notes: told }) => told.map((note) => `- ${name}, ${note}`));
  const page = [
    `# ${title}`,
    `Suite \`${suite}\`: ${table}`,
    ...(failed.length ? [`## Runs that failed\n\n${failed.join('\n')}`] : []),
    ...(notes.length ? [`## Remarked in training\n\n${notes.join('\n')}`] : []),
    `## How to read it\n\n${howToRead(results)
      .map((line) => `- ${line}`)
      .join('\n')}`,
    `## What each row changes\n\n${results.rows
      .map(
        ({ name, changes, source }) =>
          `- **${name}**: ${changes.map(code).join(', ') || 'the baseline'}${source ? ` (${source})` : ''}`,
      )
      .join('\n')}`,
    `## Do it again\n\n\`\`\`sh\n${results.command}\n\`\`\`\n\nOne run alone, with the configuration that it had:\n\n\`\`\`sh\n${results.rows
      .flatMap(({ runs }) => runs.flatMap(({ commands }) => commands))
      .join('\n')}\n\`\`\``,
    `## Where it ran\n\n${[...Object.entries(results.environment), ['runs', results.executor]]
      .map(([key, value]) => `- ${key}: ${value}`)
      .join('\n')}`,
    `## Configurations\n\nOf the runs with seed ${seeds[0]}; the others differ in \`seed\` alone.`,
    ...results.rows.map(({ name, runs }) => `### ${name}\n\n\`\`\`yaml\n${stringify(runs[0]?.config)}\`\`\``),
  ].join('\n\n');
  return { table, page: `${page}\n` };
}

function publishedLine(row: RowResult, { poolings }: SuiteResults, onEsc50: boolean): string[] {
  const { published } = row;
  if (!published) return [];
  return poolings.flatMap((pooling) => {
    const difference = row.scores[pooling]?.difference;
    if (!difference) return [];
    return [
      cells([
        row.name,
        pooling,
        points(difference.mean),
        `${points((onEsc50 ? published.esc50 : published.average) / 100)} (${published.source})`,
        comparison(difference, published, onEsc50),
      ]),
    ];
  });
}

function cells(values: readonly string[]): string {
  return `| ${values.map((value) => value.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function orNotDone(value: OverSeeds | null | undefined): string {
  return value ? accuracy(value) : 'not done';
}

/** A share as a percentage with its interval. */
export function accuracy({ mean, low, high }: OverSeeds): string {
  return low === null || high === null
    ? percent(mean)
    : `${percent(mean)} (${(100 * bound(low)).toFixed(1)} to ${(100 * bound(high)).toFixed(1)})`;
}

/** Says how many seeds a mean is over, where not all are done. */
export function ofSeeds(
  { perSeed }: { readonly perSeed: readonly (number | null)[] },
  { seeds }: Pick<SuiteResults, 'seeds'>,
): string {
  const done = perSeed.filter((value) => value !== null).length;
  return done === seeds.length ? '' : `, ${done} of ${seeds.length} seeds`;
}

/** A difference of shares in points, with its sign. */
export function points(share: number): string {
  const value = (100 * share).toFixed(1);
  return Number(value) < 0 ? value.replace('-', '−') : `+${value.replace('-', '')}`;
}

/** An interval in points. */
export function range(low: number, high: number): string {
  return `${points(low)} to ${points(high)}`;
}
