import { bound, percent, type ReportProbe, type ReportScore } from '@audio-ssl/report';
import { basename } from 'node:path';

/**
 * What a probe found, as a few lines of text.
 *
 * @example
 * for (const result of await probe({ run, root })) console.log(probeSummary(result));
 */
export function probeSummary({
  dataset,
  target,
  pooling,
  method,
  folds,
  skipped = [],
  emptyClasses = [],
  randomStart,
  pretrained,
  logMel,
  gain,
}: ReportProbe): string {
  const line = (name: string, { value: mean, low, high, seeds }: ReportScore): string =>
    `  ${name.padEnd(20)} ${percent(mean).padStart(7)}   (95 % interval ${percent(low)} to ${percent(high)}${seeds ? `; over seeds ${percent(bound(seeds.low))} to ${percent(bound(seeds.high))}` : ''})`;
  const points = (x: number): string => (100 * x).toFixed(1);
  const gainOverSeeds = gain.seeds ? `; over seeds ${points(gain.seeds.low)} to ${points(gain.seeds.high)}` : '';
  return [
    `${dataset}, ${target}, ${pooling}, ${folds}${method === undefined ? '' : `; ${method}`}:`,
    line('random start', randomStart),
    ...(logMel ? [line('log-mel statistics', logMel)] : []),
    line('pretrained', pretrained),
    `  ${'gain'.padEnd(20)} ${`${points(gain.value)}`.padStart(5)} points (95 % interval ${points(gain.low)} to ${points(gain.high)}${gainOverSeeds})`,
    ...(skipped.length > 0
      ? [
          `  skipped ${skipped.length} file${skipped.length === 1 ? '' : 's'}: ${abbreviate(skipped.map(({ path }) => basename(path)))}; the report says why`,
        ]
      : []),
    ...(emptyClasses.length > 0 ? [`  left out, without a usable clip: ${abbreviate(emptyClasses)}`] : []),
  ].join('\n');
}

/** The first three names of a list, and how many more there are. */
export function abbreviate(names: readonly string[]): string {
  const more = names.length - 3;
  return `${names.slice(0, 3).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
