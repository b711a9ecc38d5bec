import { SingleBar } from 'cli-progress';
import { printable, printableLine } from './printable.js';

/** A progress bar on a terminal, plain lines elsewhere. */
export interface ProgressBar {
  /** Moves the bar; `detail` stands behind it. */
  update(done: number, detail?: string): void;
}

// There is one standard error, and one bar on it at most.
let shown: SingleBar | undefined;

/**
 * Shows a progress bar on standard error, in place of the one that is shown; where standard error is not a terminal it
 * writes a plain line every ten seconds.
 *
 * @param name what is being done, in a word or two
 * @param start items that were done before, by a run that is resumed
 */
export function showBar(name: string, total: number, start = 0): ProgressBar {
  stopBar();
  const started = Date.now();
  const bar = new SingleBar({
    format: `${printableLine(name)} {bar} {value}/{total}  {detail}  {left}`,
    stream: process.stderr,
    hideCursor: true,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    noTTYOutput: true,
    notTTYSchedule: 10_000,
    fps: 4,
    forceRedraw: true, // a line may have taken its place
    gracefulExit: false,
    emptyOnZero: true,
  });
  bar.start(total, start, { detail: '', left: '' });
  shown = bar;
  return {
    update: (done, detail = '') => {
      const seconds = (Date.now() - started) / 1000;
      const left = done > start ? `${minutes((seconds / (done - start)) * (total - done))} left` : '';
      bar.update(done, { detail: printableLine(detail), left });
    },
  };
}

/** Leaves the bar as it is and ends its line. */
export function stopBar(): void {
  shown?.stop();
  shown = undefined;
}

/** Writes a line to standard error, above the bar where one is shown. */
export function printLine(text: string): void {
  const fit = printable(text);
  if (shown === undefined || !process.stderr.isTTY) console.error(fit);
  else {
    // The line takes the place of the bar, with wrapping turned on; the bar, which remembers where it is, moves below it.
    process.stderr.write(`\r\x1B[K\x1B[?7h${fit}\n\x1B[?7l\x1B7`);
    shown.render();
  }
}

function minutes(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
