import { percent, points } from './format.js';
import { html, type Html } from './html.js';
import type { ReportProbe } from './report-data.js';

/** Says where a score stands beside that of the random start: a loss as plainly as a gain. */
export function besideRandomStart(difference: number): string {
  const size = points(Math.abs(difference));
  if (size === '0.0') return 'The same as the random start';
  return `${size} points ${difference > 0 ? 'higher' : 'lower'} than the random start`;
}

/**
 * What every probe found against the random start, the worst beside the best, one card each: the figures that a reader
 * takes away, so that none of them is chosen.
 */
export function headline(probes: readonly ReportProbe[]): Html | undefined {
  if (probes.length === 0) return undefined;
  const datasets = new Set(probes.map(({ dataset }) => dataset));
  return html`<ul class="verdicts">
    ${probes.map(({ dataset, target, pooling, method, gain, pretrained, randomStart }) => {
      const kind = gain.low > 0 ? 'gain' : gain.high < 0 ? 'loss' : 'unclear';
      return html`<li class="${kind}">
        <strong>${besideRandomStart(gain.value)}</strong>
        <span
          >${kind === 'unclear' && 'No clear difference: '}95 % interval ${points(gain.low)} to ${points(gain.high)},
          from ${percent(randomStart.value)} at the random start to ${percent(pretrained.value)}</span
        >
        <span class="note"
          >${datasets.size > 1 && `${dataset}, `}${target}, ${method ?? 'linear probe'}, pooled by ${pooling}</span
        >
      </li>`;
    })}
  </ul>`;
}
