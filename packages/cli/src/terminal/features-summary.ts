import type { ProbedFeatures } from '@audio-ssl/experiment';
import { percent } from '@audio-ssl/report';

/** What a classifier found on features, as two lines. */
export function featuresSummary({
  method,
  clips,
  dims,
  classes,
  chance,
  folds,
  accuracy,
  interval: { low, high },
}: ProbedFeatures): string {
  return [
    `${clips} clips of ${dims} values, ${classes.length} classes, ${folds}${method === undefined ? '' : `; ${method}`}:`,
    `  accuracy ${percent(accuracy)} (95 % interval ${percent(low)} to ${percent(high)}; chance ${percent(chance)})`,
  ].join('\n');
}
