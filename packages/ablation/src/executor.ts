import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isDone, type Task, taskName } from './tasks.js';

/** A task that ended without its file. */
export interface Failure {
  readonly task: Task;
  /** Its own last words, or how it ended. */
  readonly reason: string;
}

/** What runs tasks: processes of this machine, or jobs of a cluster. */
export interface Executor {
  /** How it runs them, in words. */
  readonly words: string;
  /** Tasks that run at the same time. */
  readonly parallel: number;
  /**
   * Runs tasks, those that come first first, and returns the ones that failed. When the signal is aborted, running tasks
   * are told to save and stop, and the promise resolves once they have.
   */
  run(tasks: readonly Task[], signal: AbortSignal): Promise<readonly Failure[]>;
}

/** The command of one task, to be followed by its name. */
export function taskCommand(out: string): readonly [command: string, ...args: string[]] {
  const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
  // From TypeScript in this repository, or from the built package, where all code lies beside main.js.
  const main = import.meta.url.endsWith('.ts')
    ? [
        '--import',
        pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
        '--conditions=@audio-ssl/source',
        at('../../cli/src/main.ts'),
      ]
    : [at('./main.js')];
  return [process.execPath, ...main, 'ablate-task', out];
}

/** The log of a task, in the folder of the suite. */
export function logFile(task: Task): string {
  return join('logs', `${taskName(task).replaceAll(':', '.')}.log`);
}

/**
 * The tasks that left no file, each with the last words of its log.
 *
 * @param ends how processes ended, for those without words of their own
 */
export async function failures(
  out: string,
  tasks: readonly Task[],
  ends: ReadonlyMap<Task, string> = new Map(),
): Promise<readonly Failure[]> {
  const failed = tasks.filter((task) => !isDone(out, task));
  return Promise.all(
    failed.map(async (task) => ({ task, reason: await lastWords(join(out, logFile(task)), ends.get(task)) })),
  );
}

async function lastWords(log: string, end: string | undefined): Promise<string> {
  if (!existsSync(log)) return end ?? 'it left no log';
  const lines = (await readFile(log, 'utf8')).split(/[\r\n]+/).filter(Boolean);
  const told = lines.filter((line) => line.startsWith('audio-ssl: ')).at(-1);
  return told?.replace('audio-ssl: ', '') ?? end ?? lines.at(-1) ?? 'it left an empty log';
}
