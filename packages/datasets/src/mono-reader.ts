import type { AudioFile } from '@audio-ssl/audio-decoders';
import { mixToMono } from '@audio-ssl/audio-frontend';

import type { SoundLevels } from './sound-levels.js';

/** The sound as one channel, any stretch of it; one call at a time. */
export interface MonoReader {
  /** Samples from the start that have been read without a gap. */
  readonly position: number;
  /** The samples `start` to `end - 1`; fewer where the sound ends. What the last stretch had of them is not decoded again. */
  read(start: number, end: number): Promise<Float32Array>;
  /** Reads on to `end` and keeps nothing. Returns how many samples there were up to there. */
  pass(start: number, end: number): Promise<number>;
}

/** Samples of all channels that are decoded at once: 1 MiB, 3 s of 44.1 kHz stereo. */
const BLOCK = 2 ** 18;

/** How {@link monoReader} reads. */
export interface MonoReaderOptions {
  readonly channel: number | 'mean';
  /** Takes in every block; for who reads from the start to the end. */
  readonly levels?: SoundLevels;
  /** Called after each block with the samples read up to there; what it throws ends the call. */
  readonly onBlock?: (end: number) => void;
}

/** Reads a file in blocks, so that its length costs no memory, and mixes it. */
export function monoReader(file: AudioFile, { channel, levels, onBlock }: MonoReaderOptions): MonoReader {
  const block = Math.max(1, Math.floor(BLOCK / file.channels));
  let held = { start: 0, samples: new Float32Array(0) };
  let position = 0;

  /** Calls `take` with each block of a stretch; returns where the sound or the stretch ended. */
  const forBlocks = async (
    start: number,
    end: number,
    take: (mono: Float32Array, at: number) => void,
  ): Promise<number> => {
    for (let at = start; at < end;) {
      const asked = Math.min(block, end - at);
      const channels = await file.read(at, asked);
      const got = channels[0]?.length ?? 0;
      if (got === 0) return at;
      const used = channel === 'mean' ? channels : [channels[channel]!];
      const mono = used.length === 1 ? used[0]! : mixToMono({ channels, sampleRate: file.sampleRate });
      if (at === position) {
        levels?.add(used, mono);
        position += got;
      }
      take(mono, at);
      at += got;
      onBlock?.(at);
      if (got < asked) return at;
    }
    return end;
  };

  return {
    get position() {
      return position;
    },
    async read(start, end) {
      const samples = new Float32Array(Math.max(0, end - start));
      const known = held.samples.subarray(Math.max(0, start - held.start), Math.max(0, end - held.start));
      const overlap = start >= held.start ? known.length : 0;
      if (overlap > 0) samples.set(known);
      const found = await forBlocks(start + overlap, end, (mono, at) => samples.set(mono, at - start));
      held = { start, samples: samples.subarray(0, Math.max(0, found - start)) };
      return held.samples;
    },
    pass: (start, end) => forBlocks(start, end, () => undefined),
  };
}
