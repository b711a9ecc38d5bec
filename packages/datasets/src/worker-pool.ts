import { Piscina, queueOptionsSymbol } from 'piscina';

import type { LogMelResult, LogMelTask } from './log-mel-worker.js';
import { workerModule } from './worker-module.js';

/** Worker threads that compute log-mels. */
export interface WorkerPool {
  /** Does a task about a clip; those of one clip go to the worker that has its file open. Waits for a restart; rejects once the pool is closed. */
  run(task: LogMelTask, clip: number): Promise<LogMelResult>;
  /** Ends all workers, whatever they do, and goes on with new ones. What was under way rejects. */
  restart(): Promise<void>;
  /** Ends all workers, whatever they do, for good. */
  close(): Promise<void>;
}

type Threads = Piscina<LogMelTask, LogMelResult>;

/** Starts worker threads. */
export function workerPool(workers: number): WorkerPool {
  let threads = startThreads(workers);
  const alone = new Set<Threads>();
  let generation = 0;
  let closed = false;
  let restarting: Promise<void> | undefined;

  /** Runs a task in a worker that does nothing else; a worker that ends is an answer here. */
  const runAlone = async (task: LogMelTask, mine: number): Promise<LogMelResult> => {
    if (mine !== generation) throw new Error(ENDED);
    const own = startThreads(1);
    alone.add(own);
    try {
      return await own.run(task);
    } catch (error) {
      if (mine !== generation) throw error;
      return {
        reason: `its worker thread ended (${(error as Error).message}); repair or leave out the file`,
        cause: 'worker ended',
      };
    } finally {
      alone.delete(own);
      await own.destroy();
    }
  };

  // Whatever ends a worker (its memory, a fault of a decoder) takes up to 16 clips with it. Each of them is tried once more,
  // one at a time in a worker of its own, so that only the clip that did it is lost.
  let onItsOwn: Promise<unknown> = Promise.resolve();

  const end = async (): Promise<void> => {
    generation++;
    await Promise.all([threads, ...alone].map((each) => each.destroy()));
  };

  const startAgain = async (): Promise<void> => {
    await end();
    if (!closed) threads = startThreads(workers); // not when it was closed in the meantime
  };

  return {
    async run(task, clip) {
      if (restarting) await restarting;
      if (closed) throw new Error(ENDED);
      const mine = generation;
      return threads.run(Object.assign(task, { [queueOptionsSymbol]: { clip } })).catch((error: Error) => {
        if (mine !== generation) throw error;
        const again = onItsOwn.then(() => runAlone(task, mine));
        onItsOwn = again.catch(() => undefined);
        return again;
      });
    },
    async restart() {
      if (closed) return;
      restarting ??= startAgain().finally(() => (restarting = undefined));
      await restarting;
    },
    async close() {
      closed = true;
      await end();
    },
  };
}

const ENDED = 'the workers were ended';

/** Tasks that a worker is given ahead: a training step blocks the main thread, so they must have reached it before. */
const AHEAD = 16;
/** How many tasks more than another worker one may have that has the clip's file open. */
const LOYAL = 4;

const clipOf = (task: object): number =>
  (task as Record<symbol, { readonly clip: number } | null>)[queueOptionsSymbol]?.clip ?? -1;

function startThreads(workers: number): Threads {
  /** The clip that each worker was given last, by its number. */
  const lastClips = new Map<number, number>();
  const threads: Threads = new Piscina<LogMelTask, LogMelResult>({
    ...workerModule(),
    name: 'computeLogMel',
    minThreads: 1,
    maxThreads: workers,
    idleTimeout: 30_000,
    concurrentTasksPerWorker: AHEAD,
    atomics: 'disabled',
    loadBalancer(task, found) {
      const clip = clipOf(task);
      const free = found.filter(({ currentUsage }) => currentUsage < AHEAD);
      const [idlest] = [...free].sort((one, other) => one.currentUsage - other.currentUsage);
      if (!idlest || (idlest.currentUsage > 0 && found.length < workers)) return null; // another one is started
      const same = free.find(
        ({ id, currentUsage }) => lastClips.get(id) === clip && currentUsage < idlest.currentUsage + LOYAL,
      );
      const chosen = same ?? idlest;
      lastClips.set(chosen.id, clip);
      return chosen;
    },
  });
  // What a worker says after its end; its tasks have been rejected.
  threads.on('error', () => undefined);
  return threads;
}
