import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { arrayScript, slurmExecutor } from '../src/slurm-executor.js';
import type { SuiteTask } from '../src/tasks.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'array-'))));
afterAll(() => rm(folder, { recursive: true }));

describe('waiting for an array job', () => {
  const path = process.env.PATH;
  afterEach(() => void (process.env.PATH = path));

  /** Stands in for Slurm: `squeue` does what is told, and what is cancelled is written down. */
  const slurmOf = async (squeue: string) => {
    const bin = await mkdtemp(join(folder, 'bin-'));
    const script = (name: string, lines: string) =>
      writeFile(join(bin, name), `#!/bin/sh\ncd ${bin}\n${lines}\n`, { mode: 0o755 });
    await script('sbatch', 'echo 7');
    await script('scancel', 'echo "$@" >> cancelled');
    await script('squeue', `echo >> asked\n${squeue}`);
    process.env.PATH = `${bin}:${path}`;
    const notes: string[] = [];
    const lines = async (name: string) =>
      (await readFile(join(bin, name), 'utf8').catch(() => '')).split('\n').slice(0, -1);
    const out = join(bin, 'out');
    const run = (signal = new AbortController().signal) =>
      slurmExecutor(out, {
        parallel: 1,
        cores: 1,
        sbatch: [],
        poll: 1,
        reporter: { note: (text) => void notes.push(text) },
      }).run([{ kind: 'prepare' }], signal);
    return { run, lines, script, out, notes };
  };
  const down = 'echo "Unable to contact slurm controller" >&2; exit 1';

  it('outlives a controller that does not answer for a while', async () => {
    const { run, lines, out, notes } = await slurmOf(`[ $(wc -l < asked) -ge 4 ] || { ${down}; }`);
    await mkdir(join(out, 'logs'), { recursive: true });
    await writeFile(join(out, 'logs', 'prepare.log'), 'audio-ssl: words of an earlier attempt\n');
    // It has ended, and left nothing.
    expect(await run()).toEqual([{ task: { kind: 'prepare' }, reason: 'it left no log' }]);
    expect(notes).toEqual([expect.stringMatching(/^submitted 1 tasks as Slurm job 7 /)]);
    expect(await lines('asked')).toHaveLength(4);
    expect(await lines('cancelled')).toEqual([]);
  });

  it('cancels the array when the controller is gone for good', async () => {
    const { run, lines } = await slurmOf(down);
    await expect(run()).rejects.toThrow('squeue failed: Unable to contact slurm controller');
    expect(await lines('asked')).toHaveLength(6);
    expect(await lines('cancelled')).toEqual(['7']);
  });

  it('cancels the array when it was stopped while it was submitted', async () => {
    const { run, lines, script } = await slurmOf('[ -f cancelled ] || echo 7 RUNNING');
    await script('sbatch', 'sleep 0.5; echo 7');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);
    expect(await run(stop.signal)).toEqual([]);
    expect(await lines('cancelled')).toEqual(['7']);
  });
});

describe('a machine without Slurm', () => {
  const path = process.env.PATH;
  afterEach(() => void (process.env.PATH = path));

  it('says so', async () => {
    process.env.PATH = folder;
    const executor = slurmExecutor(join(folder, 'none'), { parallel: 1, cores: 1, sbatch: [] });
    await expect(executor.run([{ kind: 'prepare' }], new AbortController().signal)).rejects.toThrow(
      '`executor` slurm needs sbatch of Slurm, which is not on the PATH',
    );
  });
});

describe('the script of an array job', () => {
  it('picks each job’s task, whatever the folder is called', () => {
    const tasks: SuiteTask[] = [
      { kind: 'time', row: 'a' },
      { kind: 'run', row: 'a', seed: 2 },
    ];
    const script = arrayScript("/data/it's here", tasks, { parallel: 8, cores: 4 });
    expect(script).toContain('#SBATCH --array=0-1%8');
    expect(script).toContain('#SBATCH --cpus-per-task=4');
    expect(script).toContain('tasks=(time:a run:a:2)');
    expect(script).toContain(String.raw`'/data/it'\''s here/logs/run.a.2.log'`);
  });
});
