import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import {
  blockMask,
  frequencyMask,
  inverseBlockMask,
  multiBlockMask,
  randomMask,
  timeMask,
  type Grid,
  type Mask,
  type MaskStrategy,
} from '../src/index.js';

/** MATPAC's grid: 80 mel bins and 6.08 s in patches of 16 x 16. */
const grid: Grid = { freq: 5, time: 38 };
const tokens = grid.freq * grid.time;
const clips = 6;
const drawsForCoverage = 5000;

const cell = 9; // pixels from one token to the next, 8 of them painted
const width = grid.time * cell;
const height = grid.freq * cell;
const margin = { left: 20, top: 40, right: 20, bottom: 34 };
const gap = { x: 26, y: 14 };
const total = {
  width: margin.left + 2 * width + gap.x + margin.right,
  height: margin.top + 4 * height + 3 * gap.y + 22 + margin.bottom,
};

/** The picture of each strategy in the README, by file name: a few clips, and how often each token is masked. */
export const pictures: Readonly<Record<string, string>> = {
  'random.svg': picture('randomMask({ ratio: 0.7 })', randomMask({ ratio: 0.7 })),
  'block.svg': picture('blockMask({ ratio: 0.7 })', blockMask({ ratio: 0.7 })),
  'inverse-block.svg': picture('inverseBlockMask({ ratio: 0.7 })', inverseBlockMask({ ratio: 0.7 })),
  'time.svg': picture('timeMask({ ratio: 0.7, span: 4 })', timeMask({ ratio: 0.7, span: 4 })),
  'frequency.svg': picture('frequencyMask({ ratio: 0.6 })', frequencyMask({ ratio: 0.6 })),
  'multi-block.svg': picture(
    'multiBlockMask({ ratio: 0.6, context: 0.85 })',
    multiBlockMask({ ratio: 0.6, context: 0.85 }),
  ),
};

function picture(call: string, strategy: MaskStrategy): string {
  const generator = xoroshiro128plus(2025);
  const random = (): number => uniformFloat64(generator);
  const mask = strategy(grid, clips, random);
  const many = strategy(grid, drawsForCoverage, random);
  const visible = mask.visible.length / clips;
  const masked = mask.masked.length / clips;
  const leftOut = tokens - visible - masked;
  const legend = [
    ['visible', `${visible} visible`],
    ['masked', `${masked} masked`],
    ...(leftOut > 0 ? [['left', `${leftOut} left out`]] : []),
  ] as const;
  const heatTop = margin.top + 3 * (height + gap.y) + 22;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total.width} ${total.height}" width="${total.width}" height="${total.height}" role="img" aria-label="${call}: ${legend.map(([, text]) => text).join(', ')} of ${tokens} tokens">
<style>
.card { fill: #fcfcfa; stroke: #d5d9de }
text { font: 12px ui-sans-serif, system-ui, 'Segoe UI', sans-serif; fill: #56606b }
.call { font: 600 13px ui-monospace, 'SF Mono', Menlo, monospace; fill: #1f2933 }
path { stroke-width: ${cell - 1}; fill: none }
.visible { stroke: #f0a030 }
.masked { stroke: #34516e }
.left { stroke: #dfe3e8 }
@media (prefers-color-scheme: dark) {
.card { fill: #161b22; stroke: #30363d }
text { fill: #9aa5b1 }
.call { fill: #e6edf3 }
.visible { stroke: #f2b04e }
.masked { stroke: #4f78a3 }
.left { stroke: #262d36 }
}
</style>
<rect class="card" x=".5" y=".5" width="${total.width - 1}" height="${total.height - 1}" rx="8"/>
<text class="call" x="${margin.left}" y="25">${call}</text>
${legend.map(([mark, text], i) => swatch(mark, text, total.width - margin.right - (legend.length - i) * 104, 21)).join('\n')}
${Array.from({ length: clips }, (_, clip) => drawClip(mask, clip)).join('\n')}
${drawShares(many, 'masked', margin.left, heatTop)}
${drawShares(many, 'visible', margin.left + width + gap.x, heatTop)}
<text x="${margin.left}" y="${total.height - 12}">${clips} clips and ${drawsForCoverage} together, grid ${grid.freq} x ${grid.time}; time runs to the right, frequency upwards</text>
</svg>
`;
}

/** Two columns of three clips. */
function drawClip(mask: Mask, clip: number): string {
  const x = margin.left + (clip % 2) * (width + gap.x);
  const y = margin.top + Math.floor(clip / 2) * (height + gap.y);
  const marks = Array.from({ length: tokens }, () => 'left');
  for (const list of ['visible', 'masked'] as const) {
    const count = mask[list].length / mask.batch;
    for (const token of mask[list].subarray(clip * count, (clip + 1) * count)) marks[token] = list;
  }
  const paths = [...new Set(marks)].sort().map((mark) => cells(marks, mark, `class="${mark}"`));
  return `<g transform="translate(${x} ${y})">${paths.join('')}</g>`;
}

/** The share of clips in which a token is in the list, as opacity in steps of 5 %. */
function drawShares(mask: Mask, list: 'visible' | 'masked', x: number, y: number): string {
  const shares = Array.from({ length: tokens }, () => 0);
  for (const token of mask[list]) shares[token]! += 1 / mask.batch;
  const levels = shares.map((share) => Math.round(20 * share) / 20);
  const paths = [...new Set(levels)]
    .sort((a, b) => a - b)
    .map((level) => cells(levels, level, `class="${list}" stroke-opacity="${level}"`));
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  return `<text x="${x}" y="${y - 8}">how often a token is ${list}: ${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}</text>
<g transform="translate(${x} ${y})">${paths.join('')}</g>`;
}

/** One path with a dash for each token whose mark is `mark`; row 0, the lowest frequency, at the bottom. */
function cells<T>(marks: readonly T[], mark: T, attributes: string): string {
  const dashes = marks.flatMap((at, token) => {
    const row = grid.freq - 1 - Math.floor(token / grid.time);
    return at === mark ? [`M${(token % grid.time) * cell} ${row * cell + (cell - 1) / 2}h${cell - 1}`] : [];
  });
  return `<path ${attributes} d="${dashes.join('')}"/>`;
}

function swatch(mark: string, text: string, x: number, y: number): string {
  return `<path class="${mark}" d="M${x} ${y}h${cell - 1}"/><text x="${x + cell + 4}" y="${y + 4}">${text}</text>`;
}
