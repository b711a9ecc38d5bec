const LONGEST = 80;

/** Makes text of unknown origin fit for a terminal: without control characters, and cut to 80 characters. */
export function printable(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  return shown.replace(/[\p{C}\uFFFD]/gu, '?');
}
