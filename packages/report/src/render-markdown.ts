import { duration, type MeanInterval, percent, percentWithInterval, pointsRange, signedPoints } from './format.js';
import {
  compareWithPublished,
  howToRead,
  ofSeeds,
  type RowResult,
  type SuiteReport,
  type SuiteResults,
} from './suite-report.js';

/**
 * Renders the figures of a suite as Markdown: one table a pooling, and one of published figures where there are some.
 *
 * @example
 * console.log(resultTables(results));
 */
export function resultTables(results: SuiteResults): string {
  const { dataset, done, total, steps, batchSize, seeds, logMel, chance, secondsSpent, esc50: onEsc50 } = results;
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
          score?.accuracy ? `${percentWithInterval(score.accuracy)}${ofSeeds(score, results)}` : 'not done',
          ...(difference
            ? [
                `${signedPoints(difference.mean)}${ofSeeds(difference, results)}`,
                difference.low === null ? 'one seed' : pointsRange(difference.low, difference.high as number),
                pointsRange(difference.clips.low, difference.clips.high),
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
  return [
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
}

/**
 * Renders the results of a suite as one Markdown page.
 *
 * @returns the page as text, with a line end
 * @example
 * await writeFile('report.md', renderMarkdown({ ...results, configs, curves }));
 */
export function renderMarkdown(report: SuiteReport): string {
  const { title, suite, seeds, rows, command, environment, executor, configs } = report;
  const failed = rows.flatMap(({ name, runs }) =>
    runs.flatMap(({ seed, failed: reason }) => (reason ? [`- ${name}, seed ${seed}: ${reason}`] : [])),
  );
  const notes = rows.flatMap(({ name, notes: remarks }) => remarks.map((note) => `- ${name}, ${note}`));
  const page = [
    `# ${title}`,
    `Suite \`${suite}\`: ${resultTables(report)}`,
    ...(failed.length ? [`## Runs that failed\n\n${failed.join('\n')}`] : []),
    ...(notes.length ? [`## Remarked in training\n\n${notes.join('\n')}`] : []),
    `## How to read it\n\n${howToRead(report)
      .map((line) => `- ${line}`)
      .join('\n')}`,
    `## What each row changes\n\n${rows
      .map(
        ({ name, changes, source }) =>
          `- **${name}**: ${changes.map(code).join(', ') || 'the baseline'}${source ? ` (${source})` : ''}`,
      )
      .join('\n')}`,
    `## Do it again\n\n\`\`\`sh\n${command}\n\`\`\`\n\nOne run alone, with the configuration that it had:\n\n\`\`\`sh\n${rows
      .flatMap(({ runs }) => runs.flatMap(({ commands }) => commands))
      .join('\n')}\n\`\`\``,
    `## Where it ran\n\n${[...Object.entries(environment), ['runs', executor]]
      .map(([key, value]) => `- ${key}: ${value}`)
      .join('\n')}`,
    `## Configurations\n\nOf the runs with seed ${seeds[0]}; the others differ in \`seed\` alone.`,
    ...rows.map(({ name, slug }) => `### ${name}\n\n\`\`\`yaml\n${configs[slug] ?? ''}\`\`\``),
  ].join('\n\n');
  return `${page}\n`;
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
        signedPoints(difference.mean),
        `${signedPoints((onEsc50 ? published.esc50 : published.average) / 100)} (${published.source})`,
        compareWithPublished(difference, published, onEsc50),
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

function orNotDone(value: MeanInterval | null | undefined): string {
  return value ? percentWithInterval(value) : 'not done';
}
