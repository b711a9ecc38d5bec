import type { AudioFile, AudioSource, OpenAudioOptions } from './audio-file.js';
import { decodeWhole } from './decode-audio.js';

/** Opens a sound (interim: decodes it whole). */
export async function openAudio(source: AudioSource, _options: OpenAudioOptions = {}): Promise<AudioFile> {
  const { channels, sampleRate } = await decodeWhole(await bytesOf(source));
  return {
    sampleRate,
    channels: channels.length,
    frames: channels[0]!.length,
    format: 'interim',
    damage: undefined,
    read: (start, count) => Promise.resolve(channels.map((channel) => channel.slice(start, start + count))),
    close: () => undefined,
  };
}

async function bytesOf(source: AudioSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  const bytes = new Uint8Array(source.size);
  source.read(0, bytes);
  source.close?.();
  return bytes;
}
