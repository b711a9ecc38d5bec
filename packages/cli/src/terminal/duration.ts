import { InputError } from '@audio-ssl/experiment';

const seconds = { s: 1, m: 60, h: 3600 } as const;

/**
 * Reads a length of time such as `90s`, `30m` or `1.5h`.
 *
 * @returns seconds
 * @throws InputError for anything else
 */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([smh])$/.exec(text.trim()) ?? [];
  const value = Number(number) * seconds[unit as keyof typeof seconds];
  if (value > 0) return value;
  throw new InputError(`\`budget\` ${text}: expected a time such as 90s, 30m or 1.5h`, 'option');
}
