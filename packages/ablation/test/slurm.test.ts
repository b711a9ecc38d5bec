import { readLog } from '@audio-ssl/trainer';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyModel, tinyNotes } from '@audio-ssl/testing';

process.env.PATH += ':/usr/sbin'; // the daemons' place, which not every user looks in
const has = (command: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`]);
    return true;
  } catch {
    return false;
  }
};
const missing = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel'].filter((command) => !has(command));
const why = missing.length > 0 && `${missing.join(', ')} not installed (Debian: slurmctld slurmd slurm-client munge)`;
if (why) console.warn(`the test of array jobs is skipped: ${why}`);

// A Slurm of this machine and this user alone, in a folder of its own.
describe.skipIf(why)('ablate with the executor slurm', () => {
  let folder: string;
  let notes: string;
  const pids: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slurm-'));
    notes = await tinyNotes();
    process.env.AUDIO_SSL_CACHE ??= join(folder, 'cache');
    const [host] = hostname().split('.') as [string];
    const { username } = userInfo();
    const at = (name: string): string => join(folder, name);
    const socket = at('munge.socket');
    const key = at('munge.key');
    await mkdir(at('state'));
    await mkdir(at('spool'));
    await writeFile(key, Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 73 + 11) % 256)), { mode: 0o600 });
    await writeFile(
      at('slurm.conf'),
      [
        'ClusterName=one',
        `SlurmctldHost=${host}(127.0.0.1)`,
        `SlurmUser=${username}`,
        `SlurmdUser=${username}`,
        'AuthType=auth/munge',
        `AuthInfo=socket=${socket}`,
        'CredType=cred/munge',
        'SlurmctldPort=16817',
        'SlurmdPort=16818',
        `StateSaveLocation=${at('state')}`,
        `SlurmdSpoolDir=${at('spool')}`,
        `SlurmctldPidFile=${at('slurmctld.pid')}`,
        `SlurmdPidFile=${at('slurmd.pid')}`,
        `SlurmctldLogFile=${at('slurmctld.log')}`,
        `SlurmdLogFile=${at('slurmd.log')}`,
        'ProctrackType=proctrack/linuxproc',
        'TaskPlugin=task/none',
        'SelectType=select/cons_tres',
        'SelectTypeParameters=CR_Core',
        'ReturnToService=2',
        'KillWait=60',
        `NodeName=${host} NodeAddr=127.0.0.1 CPUs=${availableParallelism()} State=UNKNOWN`,
        'PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP',
        '',
      ].join('\n'),
    );
    process.env.SLURM_CONF = at('slurm.conf');
    // munged wants a folder that only it can write to.
    execFileSync('chmod', ['755', folder]);
    execFileSync('munged', [
      ...[`--key-file=${key}`, `--socket=${socket}`, `--pid-file=${at('munged.pid')}`],
      ...[`--log-file=${at('munged.log')}`, `--seed-file=${at('munged.seed')}`, '--force'],
    ]);
    pids.push(at('munged.pid'));
    execFileSync('slurmctld', ['-c', '-f', at('slurm.conf')]);
    pids.push(at('slurmctld.pid'));
    execFileSync('slurmd', ['-f', at('slurm.conf')]);
    pids.push(at('slurmd.pid'));
    for (let i = 0; i < 60; i++) {
      const { stdout } = await promisify(execFile)('sinfo', ['--noheader', '--format=%T']).catch(() => ({
        stdout: '',
      }));
      if (stdout.includes('idle')) return;
      await sleep(500);
    }
    throw new Error(`no node is idle after 30 s: ${await readFile(at('slurmctld.log'), 'utf8')}`);
  }, 60_000);

  afterAll(async () => {
    for (const file of pids.reverse()) {
      try {
        process.kill(Number(readFileSync(file, 'utf8')));
      } catch {
        // it has ended already
      }
    }
    delete process.env.SLURM_CONF;
    await sleep(1000);
    await rm(folder, { recursive: true, maxRetries: 5 });
    await rm(notes, { recursive: true });
  });

  it(
    'runs a suite as array jobs; stopping it cancels the array once its tasks have saved',
    { timeout: 600_000 },
    async () => {
      const suite = join(folder, 'two.yaml');
      await writeFile(suite, 'rows: { no classes: { classification: { weight: 0 } } }\n');
      const out = join(folder, 'out');
      const ablate = () => {
        const options = {
          ...{ suite, data: notes, out, seeds: 1, preset: 'demo', executor: 'slurm', sbatch: ['--partition=main'] },
          set: [...tinyModel, 'steps=200', 'checkpointEvery=1000', 'probe.folds=3', 'probe.pool=[mean]'],
        };
        const program = fileURLToPath(new URL('ablate-program.ts', import.meta.url));
        const child = spawn(
          process.execPath,
          ['--import', 'tsx', '--conditions=@audio-ssl/source', program, JSON.stringify(options)],
          { stdio: ['ignore', 'pipe', 'pipe'] },
        );
        let said = '';
        child.stdout.on('data', (text) => void (said += text));
        child.stderr.on('data', (text) => void (said += text));
        return { child, ended: new Promise((resolve) => child.once('close', resolve)), said: () => said };
      };
      const first = ablate();
      const run = join(out, 'runs', 'baseline', 'seed-0');
      while (!existsSync(join(run, 'log.jsonl')) && first.child.exitCode === null) await sleep(100);
      await sleep(300);
      first.child.kill('SIGINT');
      expect(await first.ended, first.said()).toBe(130);
      expect(execFileSync('squeue', ['--noheader']).toString()).toBe('');
      expect(await readdir(join(run, 'checkpoints')), 'the cancelled run has saved').toContainEqual(
        expect.stringMatching(/^step-\d+\.safetensors$/),
      );
      expect(existsSync(join(run, 'result.json'))).toBe(false);
      const saved = await readLog(run);

      const second = ablate();
      expect(await second.ended, second.said()).toBe(0);
      expect(second.said()).toMatch(/submitted 2 tasks as Slurm job \d+/);
      expect((await readLog(run)).slice(0, saved.length), 'no step is done again').toEqual(saved);
      const results = JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as object;
      expect(results).toMatchObject({ done: 2, total: 2, executor: expect.stringContaining('Slurm') as string });
    },
  );
});
