import type { Ground } from './ground.js';

/** What an attack came to. */
export interface Outcome {
  /** What was tried, in words with figures. */
  readonly words: string;
  /** What did not hold. */
  readonly faults: readonly string[];
}

/** A way to disturb the command. */
export interface Attack {
  readonly name: string;
  /** How often, in all that is tried and in its short form. */
  readonly tries: number;
  readonly short: number;
  readonly run: (ground: Ground, tries: number) => Promise<Outcome>;
}
