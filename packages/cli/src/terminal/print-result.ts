import { printable } from './printable.js';

/** Writes what a command was asked for to standard output. */
export function printResult(text: string): void {
  console.log(printable(text));
}
