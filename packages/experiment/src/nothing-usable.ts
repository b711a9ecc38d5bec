import { countedCauses } from '@audio-ssl/report';
import { InputError } from './input-error.js';

/** A sound that is left out, for {@link nothingUsable}. */
export interface Unusable {
  readonly path: string;
  readonly reason: string;
  readonly cause: string;
}

/** How many reasons are given. */
const MOST = 3;

/**
 * The error for when not one sound can be used: how many were looked at, the causes by count, the first reasons, and what
 * to do.
 *
 * @param words where they are, what they are and what became of them, and the file that lists them all
 */
export function nothingUsable(
  left: readonly Unusable[],
  {
    where,
    what = 'sounds were looked at, and none can be used',
    list,
  }: { readonly where?: string; readonly what?: string; readonly list?: string } = {},
): InputError {
  const [first] = left;
  const begin = where === undefined ? '' : `${oneLine(where)}: `;
  if (left.length === 1 && first) {
    const below = where !== undefined && first.path.startsWith(where);
    return new InputError(`${below ? '' : begin}${oneLine(first.path)}: ${first.reason}`);
  }
  const lines = left.slice(0, MOST).map(({ path, reason }) => `  ${oneLine(path)}: ${reason}`);
  const more =
    left.length > MOST ? [`  and ${left.length - MOST} more${list === undefined ? '' : `, in ${list}`}`] : [];
  const counted = `${begin}${countedCauses(left, what)}; do as each line says, or name other sounds`;
  return new InputError([counted, ...lines, ...more].join('\n'));
}

/** A name with a line break in it, as one line. */
const oneLine = (name: string): string => name.replaceAll('\n', String.raw`\n`).replaceAll('\r', String.raw`\r`);
