import type { AudioData } from '@audio-ssl/audio-decoders';

/**
 * Averages the channels of `audio`; a single channel is copied.
 *
 * @throws When there is no channel, or when the channels differ in length.
 * @example
 * const waveform = mixToMono({ channels: [left, right], sampleRate: 44100 }); // waveform[i] = (left[i] + right[i]) / 2
 */
export function mixToMono(audio: AudioData): Float32Array {
  const [first, ...rest] = audio.channels;
  if (first === undefined) throw new RangeError('mixToMono: expected at least one channel, got none');
  const odd = rest.find((channel) => channel.length !== first.length);
  if (odd !== undefined) {
    throw new RangeError(
      `mixToMono: expected channels of one length, got ${first.length} and ${odd.length} samples; trim or pad them first`,
    );
  }
  const mono = first.slice();
  if (rest.length === 0) return mono;
  for (const channel of rest) for (let i = 0; i < mono.length; i++) mono[i]! += channel[i]!;
  for (let i = 0; i < mono.length; i++) mono[i]! /= audio.channels.length;
  return mono;
}
