const LONGEST = 80;

/** Text of whatever origin as a terminal takes it: without control characters, and not too long. */
export function printable(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  return shown.replace(/[\p{C}\uFFFD]/gu, '?');
}

/** Writes an argument as a shell takes it. */
export function quote(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`;
}
