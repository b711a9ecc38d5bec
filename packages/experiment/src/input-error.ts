/**
 * A mistake in what a function was given, or in a file: its message names the option (in backticks) or the file, and the
 * next step. Whoever shows it to people needs no stack trace.
 *
 * @example
 * if (error instanceof InputError) console.error(error.message);
 */
export class InputError extends Error {
  override readonly name = 'InputError';

  /**
   * @param message what is wrong, with the option or file and the next step
   * @param concerns `'option'` for options that can't be understood or don't fit together, `'file'` for the rest
   */
  constructor(
    message: string,
    readonly concerns: 'option' | 'file' = 'file',
  ) {
    super(message);
  }
}
