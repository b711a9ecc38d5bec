import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { lineChart } from '../src/charts.js';
import { duration, percent, percentWithInterval, signedPoints } from '../src/format.js';
import { html } from '../src/html.js';
import { renderReport } from '../src/render-report.js';
import type { ReportData, ReportProbe } from '../src/report-data.js';
import { spectrogramImage } from '../src/spectrogram-image.js';

const score = (value: number) => ({ value, low: value - 0.05, high: value + 0.05 });
const probe: ReportProbe = {
  dataset: 'notes',
  target: 'family',
  pooling: 'time mean',
  folds: '5 folds',
  clips: 4,
  chance: 0.5,
  randomStart: score(0.5),
  pretrained: score(0.625),
  logMel: score(0.55),
  gain: { value: 0.125, low: 0.02, high: 0.21 },
  classes: ['<i>bass</i>', 'flute'],
  confusion: [
    [2, 0],
    [1, 1],
  ],
  seconds: 1,
};
const data: ReportData = {
  name: 'run "1"',
  created: 'today',
  seed: 7,
  preset: 'demo',
  variant: 'matpac',
  backend: 'wasm',
  completed: true,
  step: 100,
  steps: 100,
  batchSize: 8,
  trainingSeconds: 125,
  parameters: 1_500_000,
  dataset: { name: 'notes', kept: 4, skipped: [{ path: 'a&b.wav', reason: 'empty <file>' }] },
  log: Array.from({ length: 100 }, (_, step) => ({ step, 'loss/prediction': 1 / (step + 1), clipsPerSecond: 50 })),
  notes: [],
  spectrograms: [],
  neighbours: [],
  probes: [probe],
  config: 'seed: 7',
  environment: { node: 'v20' },
  repeat: ['audio-ssl pretrain --data "<x>"'],
};

describe('renderReport', () => {
  it('states every pooling against the random start: losses as plainly as gains, the worst beside the best', () => {
    const max = { ...probe, pooling: 'maximum over time', pretrained: score(0.458) };
    const worse = { ...max, gain: { value: -0.042, low: -0.08, high: -0.004 } };
    const unclear = { ...probe, pooling: 'mean + std', gain: { value: -0.01, low: -0.05, high: 0.03 } };
    const same = { ...unclear, pooling: 'all three', gain: { value: 0.0004, low: -0.05, high: 0.05 } };
    const page = renderReport({ ...data, probes: [probe, worse, unclear, same] });
    const cards = [...page.matchAll(/<li class="(\w+)">([\s\S]*?)<\/li>/g)].map(
      ([, kind, words]) => `${kind}: ${text(words!.replaceAll('<', ' <')).trim()}`,
    );
    expect(cards).toEqual([
      'gain: 12.5 points higher than the random start 95 % interval 2.0 to 21.0, from 50.0 % at the random start to 62.5 % family, linear probe, pooled by time mean',
      'loss: 4.2 points lower than the random start 95 % interval −8.0 to −0.4, from 50.0 % at the random start to 45.8 % family, linear probe, pooled by maximum over time',
      'unclear: 1.0 points lower than the random start No clear difference: 95 % interval −5.0 to 3.0, from 50.0 % at the random start to 62.5 % family, linear probe, pooled by mean + std',
      'unclear: The same as the random start No clear difference: 95 % interval −5.0 to 5.0, from 50.0 % at the random start to 62.5 % family, linear probe, pooled by all three',
    ]);
    expect(renderReport({ ...data, probes: [] })).not.toContain('class="verdicts"');
  });

  it('says plainly that a run is unfinished, and at which step, also where it left no summary', () => {
    const rest = Object.entries(data).filter(([name]) => name !== 'dataset' && name !== 'parameters');
    const cut = { ...(Object.fromEntries(rest) as unknown as ReportData), completed: false, step: 40, probes: [] };
    const page = text(renderReport(cut));
    expect(page).toContain('Not finished: step 40 of 100. This is the run as of today.');
    expect(page).toContain('Pretrained without labels for 40 steps in 2 min 5 s.');
    expect(page).not.toMatch(/NaN|undefined|\[object/);
    expect(text(renderReport(data))).not.toContain('Not finished');
  });

  it('names a collapse and when it happened, first of all', () => {
    const notes = [
      { note: "collapse: the teacher's latents all point one way", from: 20, to: 99 },
      { note: 'collapse: one pseudo-class takes nearly all patches', from: 50, to: 50 },
      { note: 'spike: a long gradient', from: 3, to: 80, steps: 2 },
    ];
    const page = text(renderReport({ ...data, notes }));
    expect(page).toContain('Collapse: the teacher&#39;s latents all point one way, from step 20 to 99.');
    expect(page).toContain('Collapse: one pseudo-class takes nearly all patches, at step 50.');
    expect(page).toContain('Spike: a long gradient, at 2 steps from 3 to 80.');
  });

  it('says how a probe was done that is not the usual one', () => {
    const knn = { ...probe, method: '5 nearest neighbours', pretrained: score(0.9) };
    const page = text(renderReport({ ...data, probes: [knn, probe] }));
    expect(page).toContain('Of 4 clips, 5 folds: 5 nearest neighbours, the same for all.');
    expect(page).toContain('family, 5 nearest neighbours, pooled by time mean');
    const parts = Object.entries(probe).filter(([name]) => name !== 'logMel');
    const tuned = { ...Object.fromEntries(parts), method: 'the whole encoder trained' } as ReportProbe;
    expect(text(renderReport({ ...data, probes: [tuned] }))).not.toContain('log-mel statistics');
  });

  it('tells how accuracy varies with the seed, where there are several', () => {
    expect(renderReport(data)).not.toContain('over seeds');
    const seeded = {
      ...probe,
      method: 'a linear layer trained',
      pretrained: { ...score(0.96), seeds: { low: 0.9, high: 1.02 } },
      gain: { ...probe.gain, seeds: { low: -0.03, high: 0.28 } },
    };
    const page = text(renderReport({ ...data, probes: [seeded] }));
    expect(page).toContain('95 % over seeds');
    expect(page).toContain('90.0 to 100.0 %');
    expect(page).toContain('−3.0 to 28.0');
  });

  it('escapes whatever comes from files and names', () => {
    const page = renderReport(data);
    expect(page).toContain('a&amp;b.wav');
    expect(page).toContain('empty &lt;file&gt;');
    expect(page).toContain('&lt;i&gt;bass&lt;/i&gt;');
    for (const raw of ['<i>bass', '<file>', '"<x>"']) expect(page).not.toContain(raw);
  });

  it('links to the sections that are there, and to no others', () => {
    const links = (page: string): string[] => [...page.matchAll(/<a href="#(\w+)"/g)].map(([, id]) => id as string);
    const sections = (page: string): string[] =>
      [...page.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id as string);
    for (const part of [data, { ...data, probes: [], neighbours: [] }, { ...data, log: [], spectrograms: [] }])
      expect(links(renderReport(part))).toEqual(sections(renderReport(part)));
    expect(links(renderReport({ ...data, probes: [] }))).not.toContain('probe');
  });

  it('draws only what was logged', () => {
    const page = renderReport(data);
    expect(page).toContain('Prediction loss');
    expect(page).not.toContain('Pseudo-class loss');
    const classes = data.log.map((row) => ({ ...row, 'classes/distinct': 12 }));
    expect(renderReport({ ...data, log: classes })).toContain('Pseudo-classes in use');
    expect(page.match(/<svg /g)).toHaveLength(4); // two curves, the scores, the confusion matrix
    expect(page).not.toMatch(/NaN|undefined|\[object/);
  });
});

describe('a chart', () => {
  it('shows a single measurement, as the monitor leaves in a young run', () => {
    const line = (points: [number, number][]) => lineChart([{ name: 'rank', points, color: '#123456' }]).markup;
    expect(line([[9, 27.6]])).toContain('fill="#123456"');
    expect(line(Array.from({ length: 200 }, (_, i) => [i, i]))).not.toContain('fill="#123456"');
  });
});

describe('spectrogramImage', () => {
  const bins = 4;
  const frames = 6;
  const read = (uri: string) => decode(Buffer.from(uri.split(',')[1] as string, 'base64'));

  it('draws the highest bin on top, in magma colours from dark to light', () => {
    const spectrogram = {
      data: Float32Array.from({ length: bins * frames }, (_, i) => Math.floor(i / frames)),
      bins,
      frames,
    };
    const { width, height, data: pixels } = read(spectrogramImage(spectrogram, undefined, 2));
    expect([width, height]).toEqual([frames * 2, bins * 2]);
    expect(Array.from(pixels.slice(0, 3))).toEqual([252, 253, 191]); // magma(1)
    expect(Array.from(pixels.slice(-3))).toEqual([0, 0, 4]); // magma(0)
  });

  it('greys out exactly the hidden patches: token = f * T + t, f = 0 at the bottom', () => {
    const spectrogram = { data: Float32Array.from({ length: bins * frames }, (_, i) => i), bins, frames };
    const plain = read(spectrogramImage(spectrogram)).data;
    const masked = read(spectrogramImage(spectrogram, { tokens: [1, 3], patch: [2, 3] })).data; // grid 2 x 2
    for (let y = 0; y < bins; y++) {
      for (let x = 0; x < frames; x++) {
        const token = (y < 2 ? 1 : 0) * 2 + (x < 3 ? 0 : 1);
        const at = 3 * (y * frames + x);
        const same = plain[at] === masked[at] && plain[at + 1] === masked[at + 1] && plain[at + 2] === masked[at + 2];
        expect(same, `${x}, ${y}`).toBe(token === 0 || token === 2);
        if (!same) expect(masked[at]).toBe(masked[at + 1]); // grey
      }
    }
  });
});

describe('html', () => {
  it('escapes values, keeps markup, joins lists and leaves out what is absent', () => {
    const { markup } = html`<p title="${'"'}">${['<', html`<b>${1}</b>`]}${undefined}${false}</p>`;
    expect(markup).toBe('<p title="&quot;">&lt;<b>1</b></p>');
  });
});

describe('numbers in words', () => {
  it.each([
    [9.96, '10.0 s'],
    [59, '59 s'],
    [125, '2 min 5 s'],
    [179.7, '3 min 0 s'],
    [7260, '2 h 1 min'],
  ])('%d seconds', (seconds, words) => expect(duration(seconds)).toBe(words));

  it('percent', () => expect(percent(0.5432)).toBe('54.3 %'));

  it('a percentage with an interval that ends where shares end', () => {
    expect(percentWithInterval({ mean: 0.98, low: 0.9138, high: 1.0462 })).toBe('98.0 % (91.4 to 100.0)');
    expect(percentWithInterval({ mean: 0.025, low: -0.293, high: 0.343 })).toBe('2.5 % (0.0 to 34.3)');
    expect(percentWithInterval({ mean: 0.5, low: null, high: null })).toBe('50.0 %');
  });

  it.each([
    [0.0414, '+4.1'],
    [-0.01, '−1.0'],
    [0, '+0.0'],
    [-0.0001, '+0.0'],
  ])('the difference %d in points', (share, words) => expect(signedPoints(share)).toBe(words));
});

/** What a reader sees of a page. */
function text(page: string): string {
  return page.replace(/<style>[\s\S]*?<\/style>|<[^>]+>/g, '').replace(/\s+/g, ' ');
}
