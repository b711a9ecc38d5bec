import { readLog } from '@audio-ssl/trainer';

const KEY = 'gradient/norm';
const STEPS = 50; // of which the median is taken
const LEAST = 20; // before so many nothing is usual
const FACTOR = 10;

/**
 * Tells of gradients that are far longer than those of the steps before: a function of the figures of a run up to a step, so
 * that a resumed run says the same as an unbroken one.
 *
 * @param run the folder of the run, whose log is read
 * @param done steps that are done
 * @returns to be called with the figures of each step, in order
 */
export async function gradientSpikes(
  run: string,
  done: number,
): Promise<(metrics: Readonly<Record<string, number>>) => readonly string[]> {
  const before = (await readLog(run)).filter(({ step }) => step < done);
  const recent = before.flatMap(({ metrics }) => (metrics[KEY] === undefined ? [] : [metrics[KEY]])).slice(-STEPS);
  return (metrics) => {
    const norm = metrics[KEY];
    if (norm === undefined) return [];
    const usual = [...recent].sort((a, b) => a - b)[Math.floor(recent.length / 2)];
    recent.push(norm);
    if (recent.length > STEPS) recent.shift();
    if (recent.length <= LEAST || usual === undefined || !(norm > FACTOR * usual)) return [];
    return [`spike: the gradient’s norm is ${FACTOR} times its median of the last ${STEPS} steps or more`];
  };
}
