/** How the frames of a sound lie in its bytes: in blocks of constant size, of one frame (PCM) or of many (ADPCM). */
export interface Coding {
  /** For people: `16-bit PCM`. */
  readonly name: string;
  /** A sample can be far beyond full scale or no number, if the file says so: floats. */
  readonly unbounded?: boolean;
  /** Bytes of one block of all channels. */
  readonly blockBytes: number;
  /** Frames of one block. */
  readonly blockFrames: number;
  /** Frames that so many bytes hold; a last block that is cut holds fewer. */
  framesIn(bytes: number): number;
  /** Decodes whole blocks that stand one after the other in `bytes`, into each channel from frame `at` on. */
  decode(bytes: Uint8Array, blocks: number, channels: readonly Float32Array[], at: number): void;
  /** Where a block needs those before it: what is left of them, all 0 before the first block. `decode` goes on from it. */
  readonly state?: Int32Array;
}

/** A coding of one frame a block. */
export function frameCoding(
  name: string,
  frameBytes: number,
  decode: (bytes: Uint8Array, frames: number, channels: readonly Float32Array[], at: number) => void,
): Coding {
  return { name, blockBytes: frameBytes, blockFrames: 1, framesIn: (bytes) => Math.floor(bytes / frameBytes), decode };
}
