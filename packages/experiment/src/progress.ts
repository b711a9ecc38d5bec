import { SingleBar } from 'cli-progress';

/** A progress bar on a terminal, plain lines elsewhere. */
export interface Progress {
  /** Moves the bar; `detail` stands behind it. */
  update(done: number, detail?: string): void;
  stop(): void;
}

/**
 * Starts a progress bar; where standard error is not a terminal it writes a plain line every ten seconds.
 *
 * @param name what is going on, in a word or two
 * @param start where a resumed run goes on
 */
export function startProgress(name: string, total: number, start = 0): Progress {
  const started = Date.now();
  const bar = new SingleBar({
    format: `${name} {bar} {value}/{total}  {detail}  {left}`,
    stream: process.stderr,
    hideCursor: true,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    noTTYOutput: true,
    notTTYSchedule: 10_000,
    fps: 4,
    gracefulExit: false,
    emptyOnZero: true,
  });
  bar.start(total, start, { detail: '', left: '' });
  return {
    update: (done, detail = '') => {
      const seconds = (Date.now() - started) / 1000;
      const left = done > start ? `${clock((seconds / (done - start)) * (total - done))} left` : '';
      bar.update(done, { detail, left });
    },
    stop: () => {
      bar.stop();
    },
  };
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
