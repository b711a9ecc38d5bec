/** What kept the native backend from being set up. */
export type SetupProblemCode =
  'platform' | 'package' | 'python' | 'pip' | 'compiler' | 'disk' | 'download' | 'wheel' | 'compile' | 'self-test';

/** A step of the set-up that this machine cannot do: what is missing, and what to do about it. */
export class SetupProblem extends Error {
  override readonly name = 'SetupProblem';
  constructor(
    readonly code: SetupProblemCode,
    message: string,
    readonly next: string,
  ) {
    super(message);
  }
}
