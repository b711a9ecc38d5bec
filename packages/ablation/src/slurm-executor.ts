import { InputError, quote, type Reporter } from '@audio-ssl/experiment';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Executor, failures, workerCommand } from './executor.js';
import { logFile, type SuiteTask, taskName } from './tasks.js';

const run = promisify(execFile);
// Milliseconds between two queries of the queue; doubled after each that fails, so that a restart of the controller does no harm.
const POLL = 2000;
const RETRIES = 5;

/** How jobs are submitted. */
export interface SlurmOptions {
  /** Jobs of an array that may run at the same time. */
  readonly parallel: number;
  /** Cores of a job. */
  readonly cores: number;
  /** Further options of `sbatch`, such as `--partition=gpu`. */
  readonly sbatch: readonly string[];
  /** Milliseconds between two queries of the queue; 2000 by default. */
  readonly poll?: number;
  readonly reporter?: Reporter | undefined;
}

/**
 * Runs tasks as an array job of a Slurm cluster, one task a job, and waits for its end. The suite's folder must be on a
 * disk that the nodes share. Stopping it cancels the array; a task saves first, as with Ctrl-C.
 */
export function slurmExecutor(out: string, { parallel, cores, sbatch, poll = POLL, reporter }: SlurmOptions): Executor {
  const folder = resolve(out);
  return {
    words: `a Slurm array job, ${parallel} at a time with ${cores} ${cores === 1 ? 'core' : 'cores'} each`,
    parallel,
    run: async (tasks, signal) => {
      if (tasks.length === 0 || signal.aborted) return [];
      const script = join(folder, 'slurm', `${Date.now()}.sh`);
      await mkdir(dirname(script), { recursive: true });
      await mkdir(join(folder, 'logs'), { recursive: true });
      // Without the words of an earlier attempt; a job that Slurm puts back into the queue adds to its own.
      await Promise.all(tasks.map((task) => rm(join(folder, logFile(task)), { force: true })));
      await writeFile(script, arrayScript(folder, tasks, { parallel, cores }), { mode: 0o755 });
      const job = (await slurm('sbatch', ['--parsable', ...sbatch, script])).split(';')[0] as string;
      reporter?.note?.(`submitted ${tasks.length} tasks as Slurm job ${job} (${script})`);
      const cancel = (): Promise<unknown> => slurm('scancel', [job]).catch(() => undefined); // it may have ended by itself
      const stop = (): void => void cancel();
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop(); // while it was submitted
      try {
        while (await isQueued(job, poll)) await sleep(poll);
      } catch (error) {
        await cancel(); // nobody waits for it any more
        throw error;
      } finally {
        signal.removeEventListener('abort', stop);
      }
      return signal.aborted ? [] : failures(folder, tasks);
    },
  };
}

/** The batch script of an array: each job picks its task by its number. */
export function arrayScript(
  folder: string,
  tasks: readonly SuiteTask[],
  { parallel, cores }: Pick<SlurmOptions, 'parallel' | 'cores'>,
): string {
  return `#!/bin/bash
#SBATCH --job-name=audio-ssl-ablate
#SBATCH --array=0-${tasks.length - 1}%${parallel}
#SBATCH --cpus-per-task=${cores}
#SBATCH --output=/dev/null
#SBATCH --signal=B:TERM@60
cd ${quote(process.cwd())}
tasks=(${tasks.map((task) => quote(taskName(task))).join(' ')})
logs=(${tasks.map((task) => quote(join(folder, logFile(task)))).join(' ')})
export TF_NUM_INTRAOP_THREADS=${cores} TF_NUM_INTEROP_THREADS=1 OMP_NUM_THREADS=${cores}
# exec, so that Slurm's SIGTERM reaches the task, which then saves and stops.
exec ${workerCommand(folder).map(quote).join(' ')} "\${tasks[$SLURM_ARRAY_TASK_ID]}" >>"\${logs[$SLURM_ARRAY_TASK_ID]}" 2>&1
`;
}

async function isQueued(job: string, poll: number): Promise<boolean> {
  for (let failed = 0; ; failed++) {
    try {
      return (await slurm('squeue', ['--noheader', `--jobs=${job}`])) !== '';
    } catch (error) {
      // A job that ended a while ago is forgotten.
      if (/Invalid job id/.test((error as Error).message)) return false;
      if (failed === RETRIES) throw error;
      await sleep(poll * 2 ** failed);
    }
  }
}

async function slurm(command: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(command, [...args])).stdout.trim();
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { readonly stderr?: string };
    throw new InputError(
      code === 'ENOENT'
        ? `\`executor\` slurm needs ${command} of Slurm, which is not on the PATH; run on a login node, or with \`executor\` local`
        : `${command} failed: ${(stderr ?? '').trim() || message}`,
    );
  }
}
