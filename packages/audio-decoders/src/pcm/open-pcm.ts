import { AudioError } from '../audio-error.js';
import type { AudioFile, ByteReader, OpenAudioOptions } from '../audio-file.js';
import { readBytes, textAt } from '../bytes/read-bytes.js';
import { emptyError, truncatedError, truncation } from '../truncation.js';
import type { PcmSound } from './pcm-sound.js';

/** Bytes that are read and decoded at once. */
const PART = 2 ** 18;

/**
 * What a header may declare more than there is: programs that count the header in, or round up. A file that lost so little
 * lost less than 2 ms.
 */
const SLACK = { bytes: 128, part: 1 / 32 };

/** Opens the samples that `sound` describes in `reader`. */
export function openPcm(reader: ByteReader, sound: PcmSound, { damaged }: OpenAudioOptions): AudioFile {
  const { container, sampleRate, channels, coding, start } = sound;
  const format = `${container} (${coding.name})`;
  const rest = reader.size - start - (sound.length === Infinity ? id3v1Length(reader) : 0);
  const there = Math.max(0, Math.min(sound.length, rest));
  const declared = sound.frames ?? (Number.isFinite(sound.length) ? coding.framesIn(sound.length) : undefined);
  const frames = Math.min(coding.framesIn(there), declared ?? Infinity);
  if (!declared && frames === 0) throw emptyError(format);
  const missing = (declared ?? frames) - frames;
  let damage: string | undefined;
  if (missing > 0 && !isSlack((missing * coding.blockBytes) / coding.blockFrames, missing / (missing + frames))) {
    const lost = { missing: missing / sampleRate, total: (missing + frames) / sampleRate };
    if (damaged !== 'keep' || frames === 0) throw truncatedError(format, lost);
    damage = truncation(lost);
  }
  if (frames === 0) throw emptyError(format);
  const bytes = new Uint8Array(Math.max(1, Math.floor(Math.min(PART, there) / coding.blockBytes)) * coding.blockBytes);
  const most = bytes.length / coding.blockBytes;
  let next = 0; // the block after the last one decoded
  const before = coding.state?.slice(); // the state at the start of that last one

  /** Decodes blocks from `first` on, into `out` from its start. */
  function decode(first: number, blocks: number, out: readonly Float32Array[]): void {
    for (let done = 0; done < blocks;) {
      // The last block by itself, so that the next read can start with it again.
      const count = Math.min(most, coding.state && blocks - done > 1 ? blocks - done - 1 : blocks - done);
      const part = bytes.subarray(0, count * coding.blockBytes);
      const position = (first + done) * coding.blockBytes;
      const found = reader.read(start + position, part);
      if (found < Math.min(part.length, there - position)) {
        throw new AudioError(
          `openAudio: expected ${there} bytes of samples in a file of ${format}, as when it was opened, got ${position + found}; it was changed while it was read, open it again`,
          'truncated',
          format,
        );
      }
      part.fill(0, found);
      if (coding.state) before!.set(coding.state);
      coding.decode(part, count, out, done * coding.blockFrames);
      done += count;
    }
    next = first + blocks;
  }

  /** Brings the state to the start of block `first`, where blocks need those before them. */
  function catchUp(first: number): void {
    if (!coding.state || first === next) return;
    if (first === next - 1) {
      coding.state.set(before!);
      return;
    }
    if (first < next) {
      coding.state.fill(0);
      next = 0;
    }
    const scratch = Array.from({ length: channels }, () => new Float32Array(most * coding.blockFrames));
    while (next < first) decode(next, Math.min(most, first - next), scratch);
  }

  return {
    sampleRate,
    channels,
    frames,
    format,
    damage,
    async read(from, count) {
      const skipped = from % coding.blockFrames;
      const wanted = Math.max(0, Math.min(count, frames - from));
      const first = (from - skipped) / coding.blockFrames;
      const blocks = wanted === 0 ? 0 : Math.ceil((skipped + wanted) / coding.blockFrames);
      const out = Array.from({ length: channels }, () => new Float32Array(blocks * coding.blockFrames));
      if (wanted === 0) return out;
      catchUp(first);
      decode(first, blocks, out);
      if (skipped === 0 && wanted === out[0]!.length) return out;
      return out.map((samples) => samples.slice(skipped, skipped + wanted));
    },
    close: () => undefined,
  };
}

/** Bytes of an ID3v1 tag at the end, which is known by its place alone. */
function id3v1Length(reader: ByteReader): number {
  return textAt(readBytes(reader, reader.size - 128, 3), 0, 3) === 'TAG' ? 128 : 0;
}

function isSlack(bytes: number, part: number): boolean {
  return bytes <= SLACK.bytes && part <= SLACK.part;
}
