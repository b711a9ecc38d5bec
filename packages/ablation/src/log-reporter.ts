import type { Reporter } from '@audio-ssl/experiment';

// Milliseconds between two lines of one stage.
const EVERY = 10_000;

/** A reporter for a log: a line a message, and at most one line every ten seconds on how far a stage is. */
export function logReporter(
  write: (line: string) => void,
  now: () => number = () => performance.now(),
): Required<Reporter> {
  let last = -Infinity;
  return {
    stage: ({ name, total, done = 0 }) => {
      last = now();
      write(`${name} ${done}/${total}`);
    },
    progress: ({ stage, done, total, detail = '' }) => {
      if (done < total && now() - last < EVERY) return;
      last = now();
      write(`${stage} ${done}/${total} ${detail}`.trimEnd());
    },
    note: write,
    warning: write,
  };
}
