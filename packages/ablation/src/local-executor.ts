import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { type Executor, failures, workerCommand } from './executor.js';
import { logFile, type SuiteTask, taskName } from './tasks.js';

// What one run may take of the memory: a small model, its data and TensorFlow itself.
const BYTES_PER_RUN = 2 * 2 ** 30;

/** How many runs this machine takes at a time: one a core, as far as its memory, or its container's, goes. */
export function localParallelism(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity); // 0 or absent without a limit
  return Math.max(1, Math.min(availableParallelism(), Math.floor(memory / BYTES_PER_RUN)));
}

/**
 * Runs each task in a process of its own, `parallel` at a time with an equal share of the cores: small models train
 * faster on one core each than one after the other on all.
 */
export function localExecutor(out: string, parallel: number): Executor {
  const threads = Math.max(1, Math.floor(availableParallelism() / parallel));
  return {
    words: `${parallel} at a time on this machine, ${threads} ${threads === 1 ? 'thread' : 'threads'} each`,
    parallel,
    run: async (tasks, signal) => {
      const waiting = [...tasks];
      const ends = new Map<SuiteTask, string>();
      const work = async (): Promise<void> => {
        for (let task = waiting.shift(); task && !signal.aborted; task = waiting.shift())
          ends.set(task, await runTask(out, task, threads, signal));
      };
      await Promise.all(Array.from({ length: Math.min(parallel, tasks.length) }, work));
      return signal.aborted ? [] : failures(out, tasks, ends);
    },
  };
}

/** Says how the process of a task ended. */
async function runTask(out: string, task: SuiteTask, threads: number, signal: AbortSignal): Promise<string> {
  const [command, ...args] = workerCommand(out);
  const log = join(out, logFile(task));
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'w'); // without the words of an earlier attempt
  try {
    return await new Promise<string>((resolve) => {
      const child = spawn(command, [...args, taskName(task)], {
        stdio: ['ignore', output, output, 'ipc'], // a channel that ends with this process, however that ends
        env: {
          ...process.env,
          TF_NUM_INTRAOP_THREADS: String(threads),
          TF_NUM_INTEROP_THREADS: '1',
          OMP_NUM_THREADS: String(threads),
        },
      });
      // The first SIGTERM asks to save and stop, as Ctrl-C does.
      const stop = (): void => void child.kill('SIGTERM');
      signal.addEventListener('abort', stop, { once: true });
      const ended = (how: string): void => {
        signal.removeEventListener('abort', stop);
        resolve(how);
      };
      child
        .once('error', ({ message }) => ended(message))
        .once('close', (code, killer) => ended(killer ? killedBy(killer) : `exit code ${code}`));
    });
  } finally {
    closeSync(output);
  }
}

function killedBy(signal: NodeJS.Signals): string {
  return `killed by ${signal}${signal === 'SIGKILL' ? ' (out of memory?)' : ''}`;
}
