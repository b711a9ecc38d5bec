import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { python } from './pytorch-environment.js';
import type { Row } from './row.js';
import { soundPath } from './sounds.js';

/** An implementation running in a process of its own. */
export interface Implementation {
  readonly row: Row;
  /** Milliseconds of that many runs. */
  run(times: number): Promise<readonly number[]>;
  /** The most memory that the process has held. */
  peakRssMb(): number;
  /** Milliseconds from the start of the process to the end of its first run. */
  readonly firstRunMs: number;
  stop(): void;
}

const bench = fileURLToPath(new URL('..', import.meta.url));

/** Whether a row runs in PyTorch. */
export function needsPytorch({ implementation }: Row): boolean {
  return implementation.startsWith('pytorch') || implementation.endsWith('torchaudio');
}

/** Starts an implementation and runs it once, so that it has compiled what it compiles. */
export async function start(row: Row): Promise<Implementation> {
  const began = performance.now();
  const file = row.benchmark === 'scale' || row.benchmark === 'start' ? 'step' : row.benchmark;
  const [command, ...program] = [
    ...(row.benchmark === 'sound' ? ['taskset', '--cpu-list', `${cpus().length - 1}`] : []), // one core for all threads
    ...(needsPytorch(row)
      ? [python(), join(bench, 'pytorch', `${file}.py`)]
      : [
          process.execPath,
          '--import',
          'tsx',
          '--conditions=@audio-ssl/source',
          join(bench, 'src', 'ours', `${file}.ts`),
        ]),
  ];
  const given = row.format ? { ...row, path: soundPath(row.format) } : row;
  const child = spawn(command!, [...program, JSON.stringify(given)], { cwd: bench, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors = (errors + text.toString()).slice(-4000)));
  child.stdin.on('error', () => {}); // it has ended: the next answer reports it
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<{ ms?: number[] }> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done)
        throw new Error(
          `${row.benchmark}, ${row.implementation} (${row.size}): it ended; its last output was:\n${errors}`,
        );
      if (value.startsWith('@')) return JSON.parse(value.slice(1)) as { ms?: number[] };
    }
  };
  const run = async (times: number): Promise<readonly number[]> => {
    child.stdin.write(`${times}\n`);
    return (await answer()).ms!;
  };
  await answer();
  await run(1);
  return {
    row,
    run,
    firstRunMs: performance.now() - began,
    peakRssMb: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024,
    stop: () => child.kill('SIGKILL'),
  };
}
