import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { localExecutor, localParallelism } from '../src/local-executor.js';
import { logFile, type SuiteTask } from '../src/tasks.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'local-'))));
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());

describe('a local task', () => {
  const task: SuiteTask = { kind: 'prepare' };

  /** Runs a task of which nothing is left but what `code` does at its start. */
  const reasonOf = async (code: string): Promise<string | undefined> => {
    const out = await mkdtemp(join(folder, 'local-'));
    await mkdir(join(out, 'logs'));
    await writeFile(join(out, logFile(task)), 'audio-ssl: words of an earlier attempt\n');
    vi.stubEnv('NODE_OPTIONS', `--import=data:text/javascript,${encodeURIComponent(code)}`);
    return (await localExecutor(out, 1).run([task], new AbortController().signal))[0]?.reason;
  };
  afterEach(() => void vi.unstubAllEnvs());

  it('fails with its own last words, or with how it ended', async () => {
    expect(await reasonOf('console.error("audio-ssl: no such data\\nbye"); process.exit(1)')).toBe('no such data');
    expect(await reasonOf('console.error("odd"); process.exit(7)')).toBe('exit code 7');
    expect(await reasonOf('process.kill(process.pid, "SIGKILL")')).toBe('killed by SIGKILL (out of memory?)');
  });

  it('has its share of a container’s memory', () => {
    const limit = vi.spyOn(process, 'constrainedMemory');
    const within = (bytes: number | undefined) => (limit.mockReturnValue(bytes as number), localParallelism());
    expect(within(3 * 2 ** 30)).toBe(1);
    expect(within(1)).toBe(1);
    for (const unlimited of [0, undefined, 2 ** 64]) expect(within(unlimited)).toBe(within(totalmem()));
  });

  it('tells by its worker what was wrong', { timeout: 120_000 }, async () => {
    vi.stubEnv('AUDIO_SSL_BACKEND', 'abacus');
    const failed = await localExecutor(folder, 1).run([task], new AbortController().signal);
    expect(failed).toEqual([
      { task, reason: 'AUDIO_SSL_BACKEND: expected one of tensorflow, wasm, cpu, got "abacus"' },
    ]);
  });
});
