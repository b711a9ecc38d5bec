/**
 * A long run of the smallest model, watched from outside: is its memory flat, its handles, its time for a step?
 *
 *     node --import tsx --conditions=@audio-ssl/source bench/src/soak.ts [STEPS]
 *
 * Runs `audio-ssl pretrain` on the shipped notes in a process of its own, with checkpoints and looks of the monitor, and
 * writes results/soak.svg and results/soak.json. The first tenth of the run fills caches and is left out of the trends.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LineChart } from 'echarts/charts';
import { GridComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([LineChart, GridComponent, TitleComponent, SVGRenderer]);

const results = fileURLToPath(new URL('../results/', import.meta.url));
const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const notes = fileURLToPath(new URL('../../examples/matpac/data', import.meta.url));

/** What the process held at a step. */
interface Sample {
  readonly step: number;
  readonly memoryMb: number;
  readonly handles: number;
}

/** A figure over the run: at its first and last tenth (medians; the very first tenth is left out), and how it changed. */
interface Trend {
  readonly early: number;
  readonly late: number;
  readonly ratio: number;
}

type Point = readonly [step: number, value: number];

const steps = Number(process.argv[2] ?? 20_000);
const run = mkdtempSync(join(tmpdir(), 'audio-ssl-soak-'));
process.on('exit', () => rmSync(run, { recursive: true, force: true }));

const settings = {
  steps,
  batchSize: 4,
  checkpointEvery: 500,
  'monitor.every': 1000,
  'monitor.clips': 32,
  'data.cropFrames': 96,
  'model.encoder.embedDim': 16,
  'model.encoder.depth': 1,
  'model.encoder.numHeads': 2,
  'model.predictor.embedDim': 16,
  'model.predictor.depth': 1,
  'model.predictor.numHeads': 2,
  'model.head.hiddenDim': 16,
  'model.head.bottleneckDim': 8,
  'model.head.pseudoClasses': 16,
};
const child = spawn(
  process.execPath,
  [
    ...['--import', 'tsx', '--conditions=@audio-ssl/source', cli, 'pretrain', '--data', notes, '--dataset', 'nsynth'],
    ...['--preset', 'demo', '--out', run],
    ...Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
let code: number | null | undefined;
child.on('close', (status) => (code = status));

const samples: Sample[] = [];
while (code === undefined) {
  await sleep(1000);
  const sample = sampleNow();
  if (sample) samples.push(sample);
}
if (code !== 0) throw new Error(`soak: the run ended with ${code}`);

const log = readFileSync(join(run, 'log.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly step: number; readonly seconds: number });
const measured = {
  memoryMb: samples.map(({ step, memoryMb }): Point => [step, memoryMb]),
  handles: samples.map(({ step, handles }): Point => [step, handles]),
  stepMs: medians(log.map(({ step, seconds }): Point => [step, 1000 * seconds])),
};
const trends = {
  memoryMb: trendOf(measured.memoryMb),
  handles: trendOf(measured.handles),
  stepMs: trendOf(measured.stepMs),
};
console.log(JSON.stringify({ steps: log.length, trends }));
writeFileSync(join(results, 'soak.json'), `${JSON.stringify({ steps: log.length, settings, trends }, undefined, 2)}\n`);
writeFileSync(
  join(results, 'soak.svg'),
  plot([
    ['memory of the process, MB', measured.memoryMb],
    ['open handles', measured.handles],
    ['time for a step, ms (medians of 50)', measured.stepMs],
  ]),
);

function sampleNow(): Sample | undefined {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const handles = readdirSync(`/proc/${child.pid}/fd`).length;
    const step = (readFileSync(join(run, 'log.jsonl'), 'utf8').match(/\n/g) ?? []).length;
    return step === 0 ? undefined : { step, memoryMb: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024, handles };
  } catch {
    return undefined; // it has ended, or no step is done
  }
}

function medians(points: readonly Point[], count = 50): Point[] {
  return Array.from({ length: Math.floor(points.length / count) }, (_, i) => [
    i * count,
    median(points.slice(i * count, (i + 1) * count).map(([, value]) => value)),
  ]);
}

function trendOf(points: readonly Point[]): Trend {
  const between = (from: number, to: number): number =>
    median(points.filter(([step]) => step >= from * steps && step < to * steps).map(([, value]) => value));
  const [early, late] = [between(0.1, 0.2), between(0.9, 1)];
  return { early: rounded(early), late: rounded(late), ratio: rounded(late / early) };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Curves over the steps, one below the other, as an SVG. */
function plot(curves: readonly (readonly [title: string, points: readonly Point[]])[]): string {
  const HEIGHT = 160;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 900, height: HEIGHT * curves.length + 20 });
  const below = (i: number): number => i * HEIGHT;
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: curves.map(([text], i) => ({
      text,
      left: 60,
      top: below(i) + 4,
      textStyle: { fontSize: 13, color: '#333' },
    })),
    grid: curves.map((_, i) => ({ left: 60, right: 30, top: below(i) + 32, height: HEIGHT - 62 })),
    xAxis: curves.map((_, i) => ({ type: 'value', gridIndex: i, min: 0, max: steps })),
    yAxis: curves.map((_, i) => ({ type: 'value', gridIndex: i, min: 0, splitNumber: 3 })),
    series: curves.map(([, points], i) => ({
      type: 'line',
      xAxisIndex: i,
      yAxisIndex: i,
      showSymbol: false,
      lineStyle: { width: 1.2, color: '#1f6f8b' },
      data: points.map(([step, value]) => [step, value]),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
