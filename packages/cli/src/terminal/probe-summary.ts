import { bound, percent, type ReportProbe, type ReportScore } from '@audio-ssl/report';
import { basename } from 'node:path';

/**
 * What a probe found, as text for a terminal: accuracies with their intervals, and the gain.
 *
 * @example
 * for (const found of await probe({ run, layout: 'esc50', root })) console.log(probeSummary(found));
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
  const gainOverSeeds = gain.seeds ? `; over seeds ${points(gain.seeds.low)} to ${points(gain.seeds.high)}` : '';
  return [
    `${dataset}, ${target}, ${pooling}, ${folds}${method === undefined ? '' : `; ${method}`}:`,
    scoreLine('random start', randomStart),
    ...(logMel ? [scoreLine('log-mel statistics', logMel)] : []),
    scoreLine('pretrained', pretrained),
    `  ${'gain'.padEnd(20)} ${points(gain.value).padStart(5)} points (95 % interval ${points(gain.low)} to ${points(gain.high)}${gainOverSeeds})`,
    ...(skipped.length > 0
      ? [
          `  skipped ${skipped.length} file${skipped.length === 1 ? '' : 's'}: ${some(skipped.map(({ path }) => basename(path)))}; the report says why`,
        ]
      : []),
    ...(emptyClasses.length > 0 ? [`  left out, without a usable clip: ${some(emptyClasses)}`] : []),
  ].join('\n');
}

function scoreLine(name: string, { value, low, high, seeds }: ReportScore): string {
  const overSeeds = seeds ? `; over seeds ${percent(bound(seeds.low))} to ${percent(bound(seeds.high))}` : '';
  return `  ${name.padEnd(20)} ${percent(value).padStart(7)}   (95 % interval ${percent(low)} to ${percent(high)}${overSeeds})`;
}

const points = (share: number): string => (100 * share).toFixed(1);

/** The first few names, and how many more there are. */
function some(names: readonly string[]): string {
  const more = names.length - 3;
  return `${names.slice(0, 3).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
