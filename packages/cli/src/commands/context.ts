/** What the commands share of one call of `audio-ssl`. */
export interface CommandContext {
  /** The command line as a shell reads it, for reports. */
  readonly line: string;
  /** Sets the exit code, which is 0 otherwise. */
  exitWith(code: number): void;
}
