import { InputError } from '@audio-ssl/experiment';
import { isInterrupt } from './interrupts.js';

// Our packages' errors begin with the function's name and end with the next step.
const ours = /^[a-z]\w+: /;

/** Writes an error for people to standard error and returns the exit code; with `DEBUG` set it adds the stack. */
export function printError(error: unknown): number {
  if (isInterrupt(error)) {
    console.error(`audio-ssl: ${(error as Error).message}`);
    return 130;
  }
  const known = error instanceof Error ? error : new Error(String(error));
  console.error(`audio-ssl: ${known.message}`);
  if (process.env.DEBUG) console.error(known.stack);
  else if (!(known instanceof InputError || ours.test(known.message)))
    console.error('Run again with DEBUG=1 in front of the command to see where it happened.');
  return known instanceof InputError && known.concerns === 'option' ? 2 : 1;
}
