// jstat brings no types, and who compiles this file from source needs them, too.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./jstat.d.ts" />
import jStat from 'jstat';

/** The quantile function of the standard normal distribution; -Infinity at 0, Infinity at 1. */
export function normalQuantile(p: number): number {
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  return jStat.normal.inv(p, 0, 1);
}

/** The quantile function of Student's t distribution. */
export function studentQuantile(p: number, degreesOfFreedom: number): number {
  return jStat.studentt.inv(p, degreesOfFreedom);
}
