/**
 * What work gives, or the signal's reason as soon as it is aborted: whoever does the work is then told otherwise.
 *
 * @throws the signal's reason
 * @example
 * const spectrogram = await orAborted(store.load(0), signal);
 */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  work.catch(() => undefined); // perhaps nobody waits for it any more
  signal.throwIfAborted();
  let onAbort: () => void;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
