import { isInterrupt } from './interrupts.js';

/** A mistake of the person at the keyboard, or of a file of theirs: shown as one message without a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';

  /**
   * @param message what is wrong, with the file or key and the next step
   * @param exitCode 1, or 2 for a command line that can't be understood
   */
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
  }
}

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
  else if (!(known instanceof UserError || ours.test(known.message)))
    console.error('Run again with DEBUG=1 in front of the command to see where it happened.');
  return known instanceof UserError ? known.exitCode : 1;
}
