/**
 * What an option of a mask strategy may be, as plain data from which a schema, a form or a help text can be made.
 *
 * @example
 * const span: MaskOptionSpec = { integer: true, minimum: 1, default: 1, description: 'adjacent columns masked together' };
 */
export interface MaskOptionSpec {
  /** A whole number, or any finite one. */
  readonly integer: boolean;
  /** The option is a list of this many values, each within the range; one value when left out. */
  readonly length?: number;
  /** The least value, itself allowed. */
  readonly minimum?: number;
  /** The bound above which a value lies, itself not allowed. */
  readonly exclusiveMinimum?: number;
  /** The greatest value, itself allowed. */
  readonly maximum?: number;
  /** What a strategy takes when the option is left out. */
  readonly default: number | readonly number[];
  /** What the option means, in a few words. */
  readonly description: string;
}
