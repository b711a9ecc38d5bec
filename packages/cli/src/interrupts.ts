// npm sends a Ctrl-C of the terminal on to the process that has got it already.
const SAME = 500;

/**
 * Runs work that a first Ctrl-C (or SIGTERM) asks to stop cleanly, and a second one ends at once: what was last saved
 * is whole either way.
 *
 * @param work gets a signal that is aborted by the first Ctrl-C
 */
export async function withInterrupts<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      console.error('\naudio-ssl: finishing this step and saving; Ctrl-C again stops at once');
      first = performance.now();
      controller.abort();
    } else if (performance.now() - first > SAME) {
      console.error('\naudio-ssl: stopped at once; the same command goes on from the last checkpoint');
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
