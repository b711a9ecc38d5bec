// Control characters but line breaks and tabs, and those that turn the direction of text around.
const unfit = /[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/gu;

/**
 * Makes text fit for a terminal, which obeys control characters: those of a file's name, a class, a tensor or a key are
 * written as JSON writes them, such as `\u001b`. All that the command prints passes through here.
 */
export function printable(text: string): string {
  return text.replace(unfit, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** {@link printable} for text that is one line: the line breaks in it are those of a name, and are written as `\n`. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', String.raw`\n`);
}
