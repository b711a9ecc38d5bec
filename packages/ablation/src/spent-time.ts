import { readRunJsonOr, writeRunJson } from '@audio-ssl/experiment';

const file = 'spent.json';
// Milliseconds: what a kill makes a suite forget, at most.
const EVERY = 10_000;

/**
 * Does work on a suite and notes as it goes the seconds that it has taken, over all calls: a budget is not begun anew,
 * however a call ends.
 *
 * @param work is given what tells the seconds so far
 */
export async function withSpentTime<R>(
  out: string,
  work: (spent: () => number) => Promise<R>,
  every = EVERY,
): Promise<R> {
  const began = performance.now();
  const { seconds: earlier } = await readRunJsonOr(out, file, { seconds: 0 });
  const spent = (): number => earlier + (performance.now() - began) / 1000;
  let last = Promise.resolve();
  const note = (): Promise<void> =>
    // One after the other, and never why a suite ends: where nothing can be written, its work says so.
    (last = last.then(() => writeRunJson(out, file, { seconds: spent() })).catch(() => undefined));
  const timer = setInterval(() => void note(), every);
  try {
    return await work(spent);
  } finally {
    clearInterval(timer);
    await note();
  }
}
