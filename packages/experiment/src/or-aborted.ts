/** What work gives, or the signal's reason as soon as it is aborted: whoever does the work is then told otherwise. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  work.catch(() => undefined); // perhaps nobody waits for it any more
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort!));
}
