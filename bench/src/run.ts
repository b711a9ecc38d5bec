/**
 * Measures ours against PyTorch in one run on this machine, in turn: `npm run bench [-- --only NAME...]`.
 * Prints a table and writes results/latest.json and results/latest.svg.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setupNative, startBackend } from '@audio-ssl/backend';
import { Command } from 'commander';
import { accuracyTable, measureAccuracy, type Accuracy } from './accuracy.js';
import { groupsOf, type Group } from './benchmarks.js';
import { needsPytorch, start, type Implementation } from './implementation.js';
import { plot } from './plot.js';
import { setUpPytorch } from './pytorch-environment.js';
import { summarize, table, type Result } from './result.js';
import { benchmarks, type Benchmark } from './row.js';
import { writeSounds } from './sounds.js';

const results = fileURLToPath(new URL('../results/', import.meta.url));

async function measure(group: Group): Promise<Result[]> {
  return group.fresh ? measureStarts(group) : measureRuns(group);
}

/** Runs of processes that are already warm, in turn. */
async function measureRuns({ rows, turns, runsPerTurn, warmUps = 2 }: Group): Promise<Result[]> {
  const running: Implementation[] = [];
  try {
    for (const row of rows) running.push(await start(row));
    const samples = new Map<Implementation, number[]>(running.map((implementation) => [implementation, []]));
    // A turn's first run finds the caches of another process.
    for (const implementation of running) await implementation.run(warmUps);
    for (let turn = 0; turn < turns; turn++) {
      for (const implementation of running) {
        const ms = await implementation.run(runsPerTurn + 1);
        samples.get(implementation)!.push(...ms.slice(1));
      }
    }
    return running.map((implementation) =>
      summarize(implementation.row, samples.get(implementation)!, implementation.peakRssMb()),
    );
  } finally {
    for (const implementation of running) implementation.stop();
  }
}

/** New processes up to the end of their first run, in turn; an earlier start has filled the caches on disk. */
async function measureStarts({ rows, turns }: Group): Promise<Result[]> {
  const samples = rows.map(() => ({ ms: [] as number[], peak: 0 }));
  for (let turn = 0; turn <= turns; turn++) {
    for (const [i, row] of rows.entries()) {
      const implementation = await start(row);
      if (turn > 0) samples[i]!.ms.push(implementation.firstRunMs);
      samples[i]!.peak = Math.max(samples[i]!.peak, implementation.peakRssMb());
      implementation.stop();
    }
  }
  return rows.map((row, i) => summarize(row, samples[i]!.ms, samples[i]!.peak));
}

/** What was measured, and on what machine: that of another benchmark may be another one. */
type Results = Partial<Record<Benchmark, Measured>>;

interface Measured {
  readonly machine: object;
  readonly rows: readonly Result[];
  /** Of `sound`, where there is an ffmpeg. */
  readonly accuracy?: readonly Accuracy[];
}

async function main(only: readonly Benchmark[]): Promise<void> {
  const groups = only.map((benchmark) => ({ benchmark, groups: groupsOf(benchmark) }));
  if (groups.some((each) => each.groups.some(({ rows }) => rows.some(needsPytorch)))) setUpPytorch();
  if (only.includes('sound')) writeSounds();
  const flags = readFileSync('/proc/cpuinfo', 'utf8');
  const machine = {
    processor: cpus()[0]!.model,
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    avx512: flags.includes('avx512f'),
    amx: flags.includes('amx_tile'),
    node: process.version,
    ...(only.some((benchmark) => benchmark !== 'sound') && { backend: await bestBackend() }),
    pytorch: '2.13.0',
  };
  console.log(JSON.stringify(machine));
  const latest = `${results}latest.json`;
  const all = (existsSync(latest) ? JSON.parse(readFileSync(latest, 'utf8')) : {}) as Results;
  mkdirSync(results, { recursive: true });
  for (const { benchmark, groups: measuring } of groups) {
    const accuracy = benchmark === 'sound' ? await measureAccuracy() : undefined;
    if (accuracy) console.log(accuracyTable(accuracy));
    const rows: Result[] = [];
    for (const group of measuring) {
      const measured = await measure(group);
      rows.push(...measured);
      console.log(table(measured));
      // After every group, so that an interrupted benchmark keeps what it has.
      all[benchmark] = { machine, rows, ...(accuracy && { accuracy }) };
      writeFileSync(latest, `${JSON.stringify(all, undefined, 2)}\n`);
      writeFileSync(`${results}latest.svg`, plot(benchmarks.flatMap((name) => all[name]?.rows ?? [])));
    }
  }
  console.log(`${latest}\n${results}latest.svg`);
}

async function bestBackend(): Promise<string> {
  const setup = await setupNative();
  if (!setup.ok) throw new Error(`bench: ${setup.message}; ${setup.next}`);
  const { name, version } = await startBackend();
  return `${name} ${version}`;
}

const program = new Command('bench').option('--only <name...>', `of ${benchmarks.join(', ')}`, [...benchmarks]).parse();
const { only } = program.opts<{ only: Benchmark[] }>();
const unknown = only.find((name) => !benchmarks.includes(name));
if (unknown) program.error(`bench: expected --only to be one of ${benchmarks.join(', ')}, got '${String(unknown)}'`);
await main(only);
process.exit(0);
