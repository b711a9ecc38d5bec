import { schemeTableau10 } from 'd3-scale-chromatic';
import { describe, expect, it } from 'vitest';
import { renderMarkdown, resultTables } from '../src/render-markdown.js';
import { renderSuite } from '../src/render-suite.js';
import { compareWithPublished, type RowResult, type SuiteReport } from '../src/suite-report.js';

const run = (row: string, seed: number, done: boolean) => ({
  seed,
  folder: `runs/${row}/seed-${seed}`,
  done,
  commands: [`audio-ssl pretrain --out again/${row}/seed-${seed}`],
  config: { seed },
});
const row = (name: string, changes: readonly string[], scores: RowResult['scores']['mean']): RowResult => ({
  name,
  slug: name,
  changes,
  scores: { mean: scores! },
  notes: [],
  trainingSeconds: 1,
  probeSeconds: 1,
  runs: scores!.perSeed.map((value, seed) => run(name, seed, value !== null)),
});

/** Two seeds of three rows, of which one has failed and one is half done. */
const failed = row('a', ['masking.ratio 0.7 -> 0.5'], { perSeed: [null, null], accuracy: null, difference: null });
const unfinished: SuiteReport = {
  suite: 'three',
  title: 'Three <rows>',
  command: 'audio-ssl ablate',
  created: '2026-01-01T00:00:00.000Z',
  dataset: 'notes',
  esc50: false,
  clips: 4,
  classes: 2,
  folds: '2 folds',
  chance: 0.5,
  logMel: 0.5,
  steps: 9,
  batchSize: 16,
  seeds: [0, 1],
  poolings: ['mean'],
  done: 3,
  total: 6,
  executor: 'here',
  secondsSpent: 1,
  randomStart: { mean: null },
  environment: { node: 'v24' },
  rows: [
    row('baseline', [], { perSeed: [0.5, 0.5], accuracy: { mean: 0.5, low: 0.5, high: 0.5 }, difference: null }),
    { ...failed, runs: failed.runs.map((of, i) => ({ ...of, failed: `<no> ${i}` })) },
    row('b', ['masking.ratio 0.7 -> 0.6'], {
      perSeed: [null, 0.75],
      accuracy: { mean: 0.75, low: null, high: null },
      difference: {
        mean: 0.25,
        low: null,
        high: null,
        perSeed: [0.25],
        clips: { mean: 0.25, low: 0, high: 0.75 },
        verdict: 'no clear difference',
      },
    }),
  ],
  configs: { baseline: 'seed: 0\n', a: 'seed: 0\nmasking:\n  ratio: 0.5\n', b: 'seed: 0\n' },
  curves: { baseline: [0, 1, 2].map((step) => ({ step, 'loss/prediction': 1 / (step + 1) })) },
};
const page = renderSuite(unfinished);
const text = renderMarkdown(unfinished);

describe('the reports of an unfinished suite', () => {
  it('say how many seeds a mean is over, and what the intervals are of', () => {
    expect(text).toContain('| baseline | 50.0 % (50.0 to 50.0) |');
    expect(text).toContain('| b | 75.0 %, 1 of 2 seeds | +25.0, 1 of 2 seeds | one seed |');
    for (const report of [text, page]) {
      expect(report).toContain('75.0 %, 1 of 2 seeds');
      expect(report).toContain('where the mean over many seeds lies');
      expect(report).toContain('with one seed done, where that over clips does');
      expect(report).toContain('untrained encoder; rows that change the encoder start from another');
    }
  });

  it('list what failed one by one, and say whose configuration is shown', () => {
    expect(page).toMatch(/<li>a, seed 0: &lt;no&gt; 0<\/li>\s*<li>a, seed 1: &lt;no&gt; 1<\/li>/);
    expect(page).toContain('that of the run with seed 0; the others differ in <code>seed</code> alone');
    expect(page).toContain('Not all runs are done: 3 of 6.');
    expect(text).toContain('- a, seed 0: <no> 0\n- a, seed 1: <no> 1\n');
  });

  it('lead with every pooling, and with a loss against the random start as plainly as with a gain', () => {
    const [baseline, ...others] = unfinished.rows as readonly [RowResult, ...RowResult[]];
    const interval = (mean: number) => ({ mean, low: mean - 0.01, high: mean + 0.01 });
    const scored = (mean: number) => ({ perSeed: [mean, mean], accuracy: interval(mean), difference: null });
    const rows = [{ ...baseline, scores: { mean: scored(0.5), max: scored(0.6) } }, ...others];
    const randomStart = { mean: interval(0.542), max: interval(0.55) };
    const lead = renderSuite({ ...unfinished, poolings: ['mean', 'max'], randomStart, rows });
    const cards = [...lead.matchAll(/<li class="(\w+)">([\s\S]*?)<\/li>/g)].map(
      ([, kind, words]) => `${kind}: ${words!.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')}`,
    );
    expect(cards).toHaveLength(2);
    expect(cards[0]).toContain('loss:  baseline: 4.2 points lower than the random start');
    expect(cards[0]).toContain('pooled by mean');
    expect(cards[1]).toContain('gain:  baseline: 5.0 points higher than the random start');
  });

  it('draw a row in its own colour, whichever others are done', () => {
    const [ofA, ofB] = schemeTableau10 as readonly string[];
    const effects = page.slice(page.indexOf('<figure>'), page.indexOf('</figure>'));
    expect(effects).not.toContain(ofA);
    expect(effects.split(`fill="${ofB}"`)).toHaveLength(3); // its one seed and its mean
  });

  it('show configurations as they are, curves of what was logged, and nothing from outside', () => {
    expect(text).toContain('### a\n\n```yaml\nseed: 0\nmasking:\n  ratio: 0.5\n```');
    expect(page).toContain('masking:\n  ratio: 0.5\n');
    expect(page).toContain('Curves side by side');
    expect(page).toContain('Prediction loss');
    expect(page).not.toContain('Pseudo-class loss');
    expect(page).toContain('Three &lt;rows&gt;');
    expect(page).toContain('masking.ratio 0.7 -&gt; 0.5');
    expect(page).not.toMatch(/<script|<link|@import|(src|href)="(?!data:|#)/);
    expect(page).not.toMatch(/NaN|undefined|\[object/);
    expect(renderSuite({ ...unfinished, curves: {} })).not.toContain('Curves side by side');
  });

  it('have the tables for themselves, too', () => {
    expect(text).toContain(resultTables(unfinished));
    expect(resultTables(unfinished)).toMatch(/^3 of 6 runs, 9 steps of 16 clips each, 2 seeds, notes; 1\.0 s in all\n/);
  });
});

describe('published figures', () => {
  const published = { average: -1, esc50: 2, source: 'Table 1' };

  it('are compared on the data that they are of', () => {
    const lower = { verdict: 'lower', mean: -0.5 } as const;
    expect(compareWithPublished(lower, published, false)).toBe('same direction');
    expect(compareWithPublished(lower, published, true)).toBe('the opposite');
    const unclear = { verdict: 'no clear difference', mean: 0.01 } as const;
    expect(compareWithPublished(unclear, published, true)).toContain('same direction');
    expect(compareWithPublished(unclear, published, false)).toContain('not seen');
  });

  it('stand beside the row that they are of', () => {
    const [baseline, a, b] = unfinished.rows as readonly [RowResult, RowResult, RowResult];
    const report = { ...unfinished, rows: [baseline, a, { ...b, published }] };
    expect(resultTables(report)).toContain(
      '| b | mean | +25.0 | −1.0 (Table 1) | not seen: smaller than the interval |',
    );
    expect(resultTables({ ...report, esc50: true })).toContain('| +2.0 (Table 1) | same direction, but smaller');
    expect(renderSuite(report)).toContain('<th>Published, average</th>');
    expect(page).not.toContain('<th>Published');
  });
});
