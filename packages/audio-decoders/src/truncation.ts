import { AudioError } from './audio-error.js';

/** Seconds of a sound that its header declares, and those of them that are not there. */
export interface Lost {
  readonly missing: number;
  readonly total: number;
}

/** What is missing, in words: `3.2 s of 10.0 s are missing`. */
export function truncation({ missing, total }: Lost): string {
  return `${seconds(missing)} of ${seconds(total)} are missing`;
}

/** Why a truncated sound is refused. */
export function truncatedError(format: string, lost: Lost): AudioError {
  return new AudioError(
    `openAudio: expected ${seconds(lost.total)} in the ${format} file, as its header says, got ${seconds(lost.total - lost.missing)}: ${truncation(lost)}; the file is truncated: fetch it again, or pass \`damaged\` keep to use what is there`,
    'truncated',
    format,
  );
}

/** Why a sound without samples is refused. */
export function emptyError(format: string): AudioError {
  return new AudioError(
    `openAudio: expected samples, got a file of ${format} without any; the recording is empty`,
    'empty',
    format,
  );
}

function seconds(value: number): string {
  return value >= 0.095 ? `${value.toFixed(1)} s` : `${Number((1000 * value).toPrecision(2))} ms`;
}
