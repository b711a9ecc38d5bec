/**
 * Writes an argument as a POSIX shell reads it: in single quotes where it needs them.
 *
 * @example
 * quote('my notes'); // 'my notes', in quotes
 */
export function quote(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`;
}
