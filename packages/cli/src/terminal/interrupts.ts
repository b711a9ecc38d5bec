import { printLine, stopBar } from './progress-bar.js';

/**
 * What asks to save and stop: Ctrl-C, `kill`, a connection that is lost, the warnings of Slurm (`--signal`) and Kubernetes, and
 * a limit on processor time.
 */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGXCPU'];

// npm passes a Ctrl-C of the terminal on to the process that has received it already.
const SAME = 500; // milliseconds

/** What is printed when somebody stops the work. */
export interface InterruptWords {
  readonly first: string;
  readonly second: string;
  /** The message of the signal's reason, printed at the end. */
  readonly stopped: string;
}

const RESUMES: InterruptWords = {
  first: 'finishing this step and saving; Ctrl-C again stops at once',
  second: 'stopped at once; the same command resumes from the last checkpoint',
  stopped: 'stopped; the same command resumes',
};

/**
 * Runs work that a first Ctrl-C (or another of the signals above) asks to stop cleanly, and a second one ends at once: what
 * was last saved is whole either way. Ends the progress bar when the work is over.
 *
 * @param work takes a signal that the first Ctrl-C aborts
 * @param words for work of which nothing is saved
 * @returns what the work returns
 * @throws what the work throws
 * @example
 * const summary = await withInterrupts((signal) => pretrain({ data, out, config, signal }));
 */
export async function withInterrupts<R>(
  work: (signal: AbortSignal) => Promise<R>,
  words: InterruptWords = RESUMES,
): Promise<R> {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      printLine(`\naudio-ssl: ${words.first}`);
      first = performance.now();
      controller.abort(new DOMException(words.stopped, 'AbortError'));
    } else if (performance.now() - first > SAME) {
      stopBar(); // gives the terminal its cursor back
      printLine(`audio-ssl: ${words.second}`);
      process.exit(130);
    }
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
    stopBar();
  }
}
