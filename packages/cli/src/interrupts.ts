// npm sends a Ctrl-C of the terminal on to the process that has got it already.
const SAME = 500;

/** What a person is told who stops the work. */
export interface InterruptWords {
  readonly first: string;
  readonly second: string;
  /** Told at the end, when the work broke off. */
  readonly stopped: string;
}

const GOES_ON: InterruptWords = {
  first: 'finishing this step and saving; Ctrl-C again stops at once',
  second: 'stopped at once; the same command goes on from the last checkpoint',
  stopped: 'stopped; the same command goes on where it was',
};

/**
 * Runs work that a first Ctrl-C (or SIGTERM) asks to stop cleanly, and a second one ends at once: what was last saved
 * is whole either way.
 *
 * @param work gets a signal that is aborted by the first Ctrl-C
 * @param words for work of which nothing is saved
 */
export async function withInterrupts<R>(
  work: (signal: AbortSignal) => Promise<R>,
  words: InterruptWords = GOES_ON,
): Promise<R> {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      console.error(`\naudio-ssl: ${words.first}`);
      first = performance.now();
      controller.abort(new DOMException(words.stopped, 'AbortError'));
    } else if (performance.now() - first > SAME) {
      console.error(`\naudio-ssl: ${words.second}`);
      process.exit(130);
    }
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Whether an error says that the person stopped the work. */
export function isInterrupt(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
