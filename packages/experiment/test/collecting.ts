import type { Reporter } from '../src/reporter.js';

/** A reporter that collects what it is told. */
export function collecting(): Reporter & { readonly notes: string[]; readonly warnings: string[] } {
  const [notes, warnings]: [string[], string[]] = [[], []];
  return { notes, warnings, note: (text) => void notes.push(text), warning: (text) => void warnings.push(text) };
}
