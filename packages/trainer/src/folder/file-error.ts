/**
 * A file or folder that is missing, damaged or can't be written: the message names it and the next step, so that whoever
 * shows it to people needs no stack trace.
 *
 * @example
 * if (error instanceof FileError) console.error(error.message);
 */
export class FileError extends Error {
  override readonly name = 'FileError';
}

const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What to do about a file that the system did not let be written. */
export function remedy(error: unknown): string {
  return full.has((error as NodeJS.ErrnoException).code ?? '')
    ? 'make room'
    : 'see that the folder is there and can be written to';
}

/**
 * What to throw for a file that could not be written: a {@link FileError} with path, reason and remedy for an error of the
 * system, and any other error as it is.
 *
 * @example
 * await writeAtomically(path, text).catch((error) => { throw cannotWrite(path, error); });
 */
export function cannotWrite(path: string, error: unknown): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (!/^E(?!RR_)/.test(code)) return error; // the system's codes, not Node's
  return new FileError(`cannot write ${path} (${message}); ${remedy(error)}, then try again`, { cause: error });
}
