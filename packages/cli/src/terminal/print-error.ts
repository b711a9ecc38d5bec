import { InputError } from '@audio-ssl/experiment';
import { FileError } from '@audio-ssl/trainer';
import { inFlags } from './in-flags.js';
import { printLine, stopBar } from './progress-bar.js';

// Our packages' errors begin with the function's name and end with the next step.
const ours = /^[a-z]\w+: /;

/**
 * Writes an error for people to standard error, with flags in place of the names of options; with `DEBUG` set it adds the
 * stack.
 *
 * @returns the exit code: 130 for an interruption, 2 for options that can't be understood, 1 otherwise
 * @example
 * try { await main(); } catch (error) { process.exitCode = printError(error); }
 */
export function printError(error: unknown): number {
  stopBar();
  const known = error instanceof Error ? error : new Error(String(error));
  printLine(`audio-ssl: ${inFlags(known.message)}`);
  if (known.name === 'AbortError') return 130;
  if (process.env.DEBUG) printLine(known.stack ?? '');
  else if (!(known instanceof InputError || known instanceof FileError || ours.test(known.message)))
    printLine('Run again with DEBUG=1 in front of the command to see where it happened.');
  return known instanceof InputError && known.concerns === 'option' ? 2 : 1;
}
