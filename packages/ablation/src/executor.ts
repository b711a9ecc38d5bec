import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isDone, logFile, type SuiteTask } from './tasks.js';

/** A task that ended without its file. */
export interface TaskFailure {
  readonly task: SuiteTask;
  /** The last words of its process, or how that ended. */
  readonly reason: string;
}

/** What runs tasks: processes of this machine, or jobs of a cluster. */
export interface Executor {
  /** How it runs them, in words. */
  readonly words: string;
  /** Tasks that run at the same time. */
  readonly parallel: number;
  /**
   * Runs tasks in their order, and returns those that failed. When the signal is aborted, running tasks are asked to save
   * and stop, and the promise resolves once they have.
   */
  run(tasks: readonly SuiteTask[], signal: AbortSignal): Promise<readonly TaskFailure[]>;
}

/** What a worker puts before its last words, in its log. */
export const lastWordsMark = 'audio-ssl: ';

/** The command of a worker, to be followed by the name of its task. */
export function workerCommand(out: string): readonly [command: string, ...args: string[]] {
  const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
  // From TypeScript in this repository, or from the built package.
  const worker = import.meta.url.endsWith('.ts')
    ? [
        '--import',
        pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
        '--conditions=@audio-ssl/source',
        at('./worker.ts'),
      ]
    : [at('./worker.js')];
  return [process.execPath, ...worker, out];
}

/**
 * The tasks that left no file, each with the last words of its log.
 *
 * @param ends how processes ended, for those without words of their own
 */
export async function failures(
  out: string,
  tasks: readonly SuiteTask[],
  ends: ReadonlyMap<SuiteTask, string> = new Map(),
): Promise<readonly TaskFailure[]> {
  const failed = tasks.filter((task) => !isDone(out, task));
  return Promise.all(
    failed.map(async (task) => ({ task, reason: await lastWords(join(out, logFile(task)), ends.get(task)) })),
  );
}

async function lastWords(log: string, end: string | undefined): Promise<string> {
  if (!existsSync(log)) return end ?? 'it left no log';
  const lines = (await readFile(log, 'utf8')).split(/[\r\n]+/).filter(Boolean);
  const marked = lines.filter((line) => line.startsWith(lastWordsMark)).at(-1);
  return marked?.slice(lastWordsMark.length) ?? end ?? lines.at(-1) ?? 'it left an empty log';
}
