/**
 * What a function reports of its work. Every callback is optional; without one, nothing is reported.
 *
 * @example
 * const reporter: Reporter = { warning: (message) => log.warn(message) };
 */
export interface Reporter {
  /** A stage of so many items begins, of which `done` were done before; it ends when the next begins or the function returns. */
  stage?(stage: { readonly name: string; readonly total: number; readonly done?: number }): void;
  /** Items of a stage that are done, in all. */
  progress?(progress: {
    readonly stage: string;
    readonly done: number;
    readonly total: number;
    readonly detail?: string;
  }): void;
  /** Information, in one sentence. */
  note?(message: string): void;
  /** Something was left out, damaged or taken over. */
  warning?(message: string): void;
}
