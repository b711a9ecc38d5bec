import { disposeTree } from '@audio-ssl/params';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpoint, readLog, train } from '../src/index.js';
import { regression } from './fixtures/regression.js';

let directory: string;
let child: ChildProcess | undefined;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'trainer-'))));
afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await rm(directory, { recursive: true, force: true });
});

const script = fileURLToPath(new URL('fixtures/train-child.ts', import.meta.url));
const node = ['--import', 'tsx', '--conditions=@audio-ssl/source', script];
const names = (): Promise<string[]> => readdir(join(directory, 'checkpoints')).catch(() => []);

interface Ended {
  readonly code: number | null;
  readonly output: string;
}
function start(command: string, args: readonly string[]): { process: ChildProcess; ended: Promise<Ended> } {
  child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout!.on('data', (text) => (output += text));
  child.stderr!.on('data', (text) => (output += text));
  const started = child;
  return {
    process: started,
    ended: new Promise((resolve) => started.on('close', (code) => resolve({ code, output }))),
  };
}
const trainingProcess = (steps: number, ballast: number, wait = 0): ReturnType<typeof start> =>
  start(process.execPath, [...node, directory, String(steps), String(ballast), String(wait)]);

async function until(condition: () => Promise<boolean>, running: ReturnType<typeof start>): Promise<void> {
  let over: Ended | undefined;
  void running.ended.then((ended) => (over = ended));
  while (!(await condition())) {
    if (over) throw new Error(`the process ended too early: ${over.output}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe('train, in processes that end in other ways', () => {
  it('resumes from a good checkpoint after kill -9 in the middle of writing one', async () => {
    const ballast = 8_000_000; // 32 MB: long enough to be caught in the middle
    const running = trainingProcess(1000, ballast);
    const writing = async (): Promise<boolean> => {
      const found = await names();
      return found.includes('step-00000001.safetensors') && found.some((name) => name.endsWith('.tmp'));
    };
    await until(writing, running);
    running.process.kill('SIGKILL');
    await running.ended;
    expect(
      (await names()).some((name) => name.endsWith('.tmp')),
      'caught while writing',
    ).toBe(true);

    const warnings: string[] = [];
    const onWarning = (message: string): void => void warnings.push(message);
    const { step } = (await readCheckpoint(directory, { onWarning }))!;
    expect(warnings).toEqual([]); // what has its final name is whole
    const result = await train({ ...regression(directory, step + 1, ballast), onWarning });
    expect(result.step).toBe(step + 1);
    disposeTree(result.state);
    expect(warnings).toEqual([expect.stringContaining('a process that is gone')]); // the lock
    expect((await names()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect((await readLog(directory)).map((entry) => entry.step)).toEqual(
      Array.from({ length: step + 1 }, (_, i) => i),
    );
  });

  it('names the file and keeps the last checkpoint when the disk takes no more', async () => {
    const ballast = 200_000; // 800 kB
    disposeTree((await train(regression(directory, 1, ballast))).state);
    // A limit on the size of files makes the write fail as a full disk does.
    const shell = `trap '' XFSZ; ulimit -f 200; exec "$0" "$@"`; // 200 blocks of 512 or 1024 bytes
    const limited = start('sh', ['-c', shell, process.execPath, ...node, directory, '2', String(ballast)]);
    const { code, output } = await limited.ended;
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /could not write .*step-00000002\.safetensors .*EFBIG.*the last checkpoint is .*step-00000001\.safetensors/,
    );
    expect(await names()).toEqual(['step-00000001.safetensors']);
    expect((await readCheckpoint(directory))?.step).toBe(1);
  });

  it('says what to look at when its folder is gone', async () => {
    const gone = join(directory, 'gone');
    const options = regression(gone, 3);
    const batchAt = async (step: number): Promise<Awaited<ReturnType<typeof options.batchAt>>> => {
      if (step === 1) await rm(gone, { recursive: true });
      return options.batchAt(step);
    };
    await expect(train({ ...options, batchAt, checkpointEvery: { steps: 2 } })).rejects.toThrow(
      /could not write .*step-00000002.*ENOENT.*there is no checkpoint yet; see that the folder is there and can be written to/,
    );
  });

  it('lets only one process train in a folder', async () => {
    const running = trainingProcess(1000, 0, 50);
    await until(async () => (await names()).length > 0, running);
    await expect(train(regression(directory, 1000))).rejects.toThrow(
      new RegExp(`process ${running.process.pid} on .* is training in .*another \`directory\``),
    );
    running.process.kill('SIGKILL');
    await running.ended;
  });

  it('lets only one call of this process train in a folder', async () => {
    const options = regression(directory, 3);
    const hooks = [{ every: 1, run: () => expect(train(options)).rejects.toThrow(`process ${process.pid} on`) }];
    disposeTree(
      (await train({ ...options, hooks: hooks.map((hook) => ({ ...hook, run: async () => void (await hook.run()) })) }))
        .state,
    );
  });

  it('takes over the lock of a process that is gone, whatever has its number now', async () => {
    const { ended, process: gone } = start(process.execPath, ['-e', '']);
    await ended;
    const own = { pid: process.pid, started: 'another time', host: hostname() };
    await mkdir(directory, { recursive: true });
    for (const holder of [{ pid: gone.pid, started: null, host: hostname() }, own]) {
      await writeFile(join(directory, 'train.lock'), JSON.stringify(holder));
      const warnings: string[] = [];
      const { state } = await train({
        ...regression(directory, 1),
        onWarning: (message) => void warnings.push(message),
      });
      disposeTree(state);
      expect(warnings).toEqual([expect.stringContaining('took over')]);
      expect(await readdir(directory)).not.toContain('train.lock');
    }
    await writeFile(join(directory, 'train.lock'), JSON.stringify({ pid: 1, started: null, host: 'elsewhere' }));
    await expect(train(regression(directory, 1))).rejects.toThrow('process 1 on elsewhere');
  });
});
