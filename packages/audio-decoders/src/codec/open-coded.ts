import { AudioError } from '../audio-error.js';
import type { AudioFile, ByteReader, OpenAudioOptions } from '../audio-file.js';
import { decoderModule } from './decoder-module.js';

// Interim: symphonia's demuxers through the prototype's module; the real one follows.
interface Exports {
  memory: WebAssembly.Memory;
  open(length: number): number;
  next(handle: number): number;
  channels(handle: number): number;
  rate(handle: number): number;
  frames(handle: number): number;
  plane(handle: number, channel: number): number;
  close(handle: number): void;
  msg_ptr(): number;
  msg_len(): number;
}

/** Opens a sound in a coded format. */
export async function openCoded(reader: ByteReader, _options: OpenAudioOptions = {}): Promise<AudioFile> {
  const module = await decoderModule();
  const start = (): { e: Exports; h: number } => {
    const instance = new WebAssembly.Instance(module, {
      env: {
        host_read: (ptr: number, length: number, at: number) =>
          reader.read(at, new Uint8Array(e.memory.buffer, ptr, length)),
      },
    });
    const e = instance.exports as unknown as Exports;
    const h = e.open(reader.size);
    if (!h) {
      const text = new TextDecoder().decode(new Uint8Array(e.memory.buffer, e.msg_ptr(), e.msg_len()));
      throw new AudioError(`openAudio: expected sound, got: ${text}`, 'not audio');
    }
    return { e, h };
  };
  let { e, h } = start();
  let position = 0;
  let rest: Float32Array[] = [];
  const pull = (): Float32Array[] | undefined => {
    const n = e.next(h);
    if (n < 0) return undefined;
    return Array.from({ length: e.channels(h) }, (_, c) => new Float32Array(e.memory.buffer, e.plane(h, c), n).slice());
  };
  rest = pull() ?? [];
  const frames = e.frames(h);
  return {
    sampleRate: e.rate(h),
    channels: rest.length,
    frames: frames > 0 ? frames : undefined,
    format: 'MP3',
    damage: undefined,
    read(from, count) {
      if (from < position) {
        ({ e, h } = start());
        position = 0;
        rest = [];
      }
      const parts: Float32Array[][] = [];
      let need = count;
      while (need > 0) {
        const length = rest[0]?.length ?? 0;
        if (length === 0) {
          const next = pull();
          if (!next) break;
          rest = next;
          continue;
        }
        const skip = Math.min(length, Math.max(0, from - position));
        const take = Math.min(need, length - skip);
        if (take > 0) parts.push(rest.map((plane) => plane.subarray(skip, skip + take)));
        rest = rest.map((plane) => plane.subarray(skip + take));
        position += skip + take;
        need -= take;
      }
      const total = parts.reduce((sum, part) => sum + part[0]!.length, 0);
      return Promise.resolve(
        Array.from({ length: rest.length }, (_, c) => {
          const all = new Float32Array(total);
          let at = 0;
          for (const part of parts) {
            all.set(part[c]!, at);
            at += part[c]!.length;
          }
          return all;
        }),
      );
    },
    close() {
      rest = [];
    },
  };
}
