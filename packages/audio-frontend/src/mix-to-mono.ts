import type { AudioData } from '@audio-ssl/audio-decoders';
import { average } from './average.js';

/**
 * Averages the channels of `audio`, or copies one of them.
 *
 * @param channel the number of a channel, counted from 0, or `'mean'` (the default) of all
 * @throws RangeError when there is no channel or not that one, or when the channels differ in length.
 * @example
 * const waveform = mixToMono({ channels: [left, right], sampleRate: 44100 }); // waveform[i] = (left[i] + right[i]) / 2
 */
export function mixToMono(audio: AudioData, channel: number | 'mean' = 'mean'): Float32Array {
  const { channels } = audio;
  const [first, second, ...rest] = channels;
  if (first === undefined) throw new RangeError('mixToMono: expected at least one channel, got none');
  if (channel !== 'mean') {
    const chosen = channels[channel];
    if (chosen) return chosen.slice();
    throw new RangeError(
      Number.isInteger(channel) && channel >= 0
        ? `mixToMono: expected channel ${channel}, counted from 0, got a sound of ${channels.length}; choose one up to ${channels.length - 1} or 'mean'`
        : `mixToMono: expected channel to be 'mean' or a whole number from 0, got ${channel}`,
    );
  }
  const odd = channels.find(({ length }) => length !== first.length);
  if (odd !== undefined) {
    throw new RangeError(
      `mixToMono: expected channels of one length, got ${first.length} and ${odd.length} samples; trim or pad them first`,
    );
  }
  if (second && rest.length === 0) return average(first, second);
  const mono = first.slice();
  if (second === undefined) return mono;
  for (const other of [second, ...rest]) for (let i = 0; i < mono.length; i++) mono[i]! += other[i]!;
  for (let i = 0; i < mono.length; i++) mono[i]! /= channels.length;
  return mono;
}
