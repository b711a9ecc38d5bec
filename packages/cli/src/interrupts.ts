/**
 * Runs work that a first Ctrl-C (or SIGTERM) asks to stop cleanly, and a second one ends at once: what was last saved
 * is whole either way.
 *
 * @param work gets a signal that is aborted by the first Ctrl-C
 */
export async function withInterrupts<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      console.error('\naudio-ssl: stopped at once; the same command goes on from the last checkpoint');
      process.exit(130);
    }
    console.error('\naudio-ssl: finishing this step and saving; Ctrl-C again stops at once');
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
