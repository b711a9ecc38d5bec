import type { PacketDecoder } from './packet-decoder.js';
import type { CodecSetup, PcmSetup } from './decoder-instance.js';

/** Decodes packets of PCM, which hold whole blocks but for the last one. */
export class PcmDecoder implements PacketDecoder {
  readonly broken = false;
  noise = 0;
  #bytes = new Uint8Array(0);
  #planes: Float32Array[] = [];
  #filled = 0;
  #setup: PcmSetup | undefined;

  open(codec: CodecSetup): void {
    this.#setup = codec as PcmSetup;
    if (this.#planes.length !== codec.channels) {
      this.#planes = Array.from({ length: codec.channels }, () => new Float32Array(0));
      this.#filled = 0;
    }
  }

  input(length: number): Uint8Array {
    const { blockBytes } = this.#setup!.coding;
    const room = Math.ceil(length / blockBytes) * blockBytes;
    if (this.#bytes.length < room) this.#bytes = new Uint8Array(room);
    return this.#bytes.subarray(0, length);
  }

  decode(_at: number, length: number): number {
    const { coding } = this.#setup!;
    const blocks = Math.ceil(length / coding.blockBytes);
    this.#bytes.fill(0, length, blocks * coding.blockBytes);
    this.#reach(this.#filled + blocks * coding.blockFrames);
    coding.decode(this.#bytes.subarray(0, blocks * coding.blockBytes), blocks, this.#planes, this.#filled);
    const frames = coding.framesIn(length);
    this.#filled += frames;
    return frames;
  }

  reset(): void {}

  clear(): void {
    this.#filled = 0;
  }

  plane(channel: number, from: number, count: number): Float32Array {
    return this.#planes[channel]!.subarray(from, from + count);
  }

  verified(): undefined {}

  #reach(frames: number): void {
    if (frames <= this.#planes[0]!.length) return;
    this.#planes = this.#planes.map((samples) => {
      const larger = new Float32Array(Math.max(frames, 2 * samples.length));
      larger.set(samples.subarray(0, this.#filled));
      return larger;
    });
  }
}
