import type { Reporter } from '@audio-ssl/experiment';
import { inFlags } from './in-flags.js';
import { printableLine } from './printable.js';
import { printLine, type ProgressBar, showBar } from './progress-bar.js';

/**
 * A reporter that writes to standard error: a progress bar for each stage, and notes and warnings as lines of their own
 * that leave the bar whole. {@link withInterrupts} ends the last bar.
 *
 * @example
 * await withInterrupts((signal) => embed({ checkpoint, inputs, out, reporter: terminalReporter(), signal }));
 */
export function terminalReporter(): Required<Reporter> {
  let bar: { readonly stage: string; readonly total: number; readonly progress: ProgressBar } | undefined;
  let width = 0; // of the longest name so far, so that bars stand below each other
  const begin = (stage: string, total: number, done?: number): ProgressBar => {
    width = Math.max(width, stage.length);
    bar = { stage, total, progress: showBar(stage.padEnd(width), total, done) };
    return bar.progress;
  };
  const line = (message: string): void => printLine(printableLine(inFlags(message)));
  return {
    stage: ({ name, total, done }) => void begin(name, total, done),
    progress: ({ stage, done, total, detail }) => {
      const progress = bar?.stage === stage && bar.total === total ? bar.progress : begin(stage, total);
      progress.update(done, detail);
    },
    note: line,
    warning: line,
  };
}
