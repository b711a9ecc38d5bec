import {
  abbreviate,
  bound,
  countedCauses,
  noticeSentences,
  percent,
  type ReportProbe,
  type ReportScore,
} from '@audio-ssl/report';
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
  notices = [],
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
          `  ${countedCauses(skipped, 'skipped')} (${abbreviate(skipped.map(({ path }) => basename(path)))}); the report says why`,
        ]
      : []),
    ...noticeSentences(notices.map((notice) => ({ ...notice, path: basename(notice.path) }))).map(
      (sentence) => `  ${sentence}`,
    ),
    ...(emptyClasses.length > 0 ? [`  left out, without a usable clip: ${abbreviate(emptyClasses)}`] : []),
  ].join('\n');
}
