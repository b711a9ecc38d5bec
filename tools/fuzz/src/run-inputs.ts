import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './try-input.js';

/** An input, and what became of it. */
export interface Tried {
  readonly index: number;
  readonly format: string;
  readonly outcome: Outcome;
}

interface RunOptions {
  readonly seed: number;
  readonly count: number;
  readonly jobs: number;
  readonly folders: readonly string[];
  readonly onTried: (tried: Tried) => void;
}

/** Seconds of waiting after which a process is taken to hang; it gets less than a core where others work beside it. */
const PATIENCE = 20;

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
const FROM_SOURCE = ['--import', 'tsx', '--conditions=@audio-ssl/source'];

/** Tries inputs 0 to `count` - 1 in `jobs` processes. */
export async function runInputs({ seed, count, jobs, folders, onTried }: RunOptions): Promise<void> {
  let next = 0;
  const workers = Array.from({ length: Math.min(jobs, count) }, async () => {
    while (next < count) await runOne(() => (next < count ? next++ : undefined));
  });
  await Promise.all(workers);

  /** One process, until it has nothing more to do, hangs or ends. */
  function runOne(take: () => number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const child: ChildProcess = fork(WORKER, [`${seed}`, ...folders], { execArgv: FROM_SOURCE });
      let current: { index: number; format: string } | undefined;
      let timer: NodeJS.Timeout | undefined;
      let isReady = false;
      const fail = (fault: string): void => {
        if (!current) return;
        onTried({ ...current, outcome: { result: 'crashed', seconds: PATIENCE, megabytes: 0, fault } });
        current = undefined;
      };
      const give = (): void => {
        clearTimeout(timer);
        const index = take();
        if (index === undefined) return void child.kill();
        current = { index, format: 'unknown' };
        child.send(index);
        timer = setTimeout(() => {
          fail(`hangs: nothing came of it for ${PATIENCE} s`);
          child.kill('SIGKILL');
        }, PATIENCE * 1000);
      };
      child.on('message', (message: 'ready' | (Omit<Tried, 'outcome'> & { outcome?: Outcome })) => {
        if (message === 'ready') {
          isReady = true;
          return give();
        }
        const { outcome, ...input } = message;
        current = input;
        if (!outcome) return;
        onTried({ ...input, outcome });
        current = undefined;
        give();
      });
      child.on('exit', (code, signal) => {
        clearTimeout(timer);
        fail(`the process ended with ${signal ?? `code ${code}`}`);
        if (isReady) resolve();
        else reject(new Error(`fuzz: expected a process that tries inputs, got exit code ${code} at its start`));
      });
    });
  }
}
