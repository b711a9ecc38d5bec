import { AudioError } from './audio-error.js';
import type { AudioFile } from './audio-file.js';
import { checkSamples } from './check-samples.js';

// Rates outside are damaged headers; followed, they ask for gigabytes when it is resampled.
const RATES = { least: 1000, most: 768_000 };

/** What {@link checkedFile} is told. */
export interface CheckedFileOptions {
  /** What the file is called. */
  readonly format: string;
  /** Its samples cannot be NaN, infinite or absurd, whatever stands in the file, and need no look. */
  readonly sane: boolean;
  /** Closes what the file is read from. */
  readonly closeSource?: () => void;
}

/** The file under the name `format`, with its sample rate checked, and its samples as they are read. */
export function checkedFile(file: AudioFile, { format, sane, closeSource }: CheckedFileOptions): AudioFile {
  const { sampleRate, channels, frames } = file;
  if (!(sampleRate >= RATES.least && sampleRate <= RATES.most)) {
    file.close();
    throw new AudioError(
      `openAudio: expected a sample rate from ${RATES.least} to ${RATES.most} Hz, got ${sampleRate}; its header is damaged, fetch the file again`,
      'damaged',
      format,
    );
  }
  let closed = false;
  const requireOpen = (): void => {
    if (closed) throw new Error('read: expected an open sound, got one that was closed; open it again');
  };
  return {
    sampleRate,
    channels,
    frames,
    format,
    get damage() {
      return file.damage;
    },
    async read(start, count) {
      requireOpen();
      requireRange(start, count);
      const samples = await file.read(start, count);
      requireOpen(); // what was closed meanwhile may have given less
      if (!sane) checkSamples(samples, start, format);
      return samples;
    },
    close() {
      if (closed) return;
      closed = true;
      file.close();
      closeSource?.();
    },
  };
}

function requireRange(start: number, count: number): void {
  if (Number.isSafeInteger(start) && start >= 0 && Number.isSafeInteger(count) && count >= 0) return;
  throw new RangeError(
    `read: expected whole numbers from 0 for start and count, got ${start} and ${count}; round them first`,
  );
}
