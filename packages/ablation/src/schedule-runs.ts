/** What one run will take. */
export interface RunCost {
  /** Seconds in addition to its steps: its start, its last monitor, its probe. */
  readonly start: number;
  /** Seconds a step, with the step's share of the monitor. */
  readonly perStep: number;
}

/** Seconds until the last of the runs ends, when each of `parallel` workers takes the next one as soon as it is free. */
export function secondsFor(runs: readonly RunCost[], steps: number, parallel: number): number {
  const workers = new Array<number>(Math.max(1, parallel)).fill(0);
  for (const { start, perStep } of runs) {
    const next = workers.indexOf(Math.min(...workers));
    workers[next] = (workers[next] as number) + start + steps * perStep;
  }
  return Math.max(...workers);
}

/**
 * The largest number of steps with which all runs end within `seconds`, and no fewer than `least`.
 *
 * @example stepsWithin([{ start: 10, perStep: 0.1 }], 60, { parallel: 1, least: 20 }); // 500
 */
export function stepsWithin(
  runs: readonly RunCost[],
  seconds: number,
  { parallel, least }: { readonly parallel: number; readonly least: number },
): number {
  let [fits, over] = [least, least + 1];
  while (secondsFor(runs, over, parallel) <= seconds) [fits, over] = [over, 2 * over];
  while (over - fits > 1) {
    const middle = Math.floor((fits + over) / 2);
    if (secondsFor(runs, middle, parallel) <= seconds) fits = middle;
    else over = middle;
  }
  return fits;
}
