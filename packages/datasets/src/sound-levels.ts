import type { SoundNotice } from './sound-notice.js';

/** What is heard of a sound while it is read. */
export interface SoundLevels {
  /** Takes in a block: the channels that are used, and what they were mixed to. Blocks of length 0 count for nothing. */
  add(channels: readonly Float32Array[], mono: Float32Array): void;
  /** What is worth a word about all blocks so far. */
  notices(): Omit<SoundNotice, 'path'>[];
}

/** The mean of the channels has at most this share of their mean power where they cancel: 20 dB below. */
const CANCELLED = 0.01;

/** What no sound reaches whose full scale is 1: 24 dB beyond it. */
const BEYOND = 16;

/** Measures a sound block by block, in constant memory. */
export function soundLevels(): SoundLevels {
  let [count, samples] = [0, 0];
  let [monoPower, channelPower] = [0, 0];
  let [whole, peak] = [true, 0];
  let [first, constant] = [0, true];

  return {
    add(channels, mono) {
      if (mono.length === 0) return;
      if (samples === 0) first = mono[0]!;
      samples += mono.length;
      count = channels.length;
      if (count > 1) monoPower += power(mono);
      for (const channel of channels) {
        if (count > 1) channelPower += power(channel) / count;
        whole = whole && areWhole(channel);
        peak = Math.max(peak, peakOf(channel));
      }
      constant = constant && allEqual(mono, first);
    },
    notices() {
      const found: Omit<SoundNotice, 'path'>[] = [];
      const cancel = count > 1 && channelPower > 0 && monoPower <= CANCELLED * channelPower;
      if (cancel) {
        const mean =
          monoPower === 0
            ? 'silent'
            : `${Math.round(10 * Math.log10(channelPower / monoPower))} dB below their own power`;
        const message = `the mean of its ${count} channels is ${mean}`;
        found.push({ kind: 'channels cancel', message, next: 'take one of the channels with `channel`' });
      }
      if (peak > BEYOND || (whole && peak > 1)) {
        const message = whole ? `all samples are whole numbers, up to ${peak}` : `samples reach ${peak}`;
        const next = 'full scale is 1, so they look like 16-bit integers stored as floats: divide them by 32768';
        found.push({ kind: 'integer scale', message, next });
      }
      if (!cancel && constant && samples > 1) {
        found.push(
          first === 0
            ? { kind: 'silent', message: 'all samples are 0', next: 'leave such files out' }
            : { kind: 'constant', message: `all samples are ${first}`, next: 'leave such files out' },
        );
      }
      return found;
    },
  };
}

// Plain loops: these run over every sample there is.

function power(samples: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! * samples[i]!;
  return sum;
}

function allEqual(samples: Float32Array, value: number): boolean {
  for (let i = 0; i < samples.length; i++) if (samples[i] !== value) return false;
  return true;
}

function areWhole(samples: Float32Array): boolean {
  for (let i = 0; i < samples.length; i++) if (samples[i] !== Math.floor(samples[i]!)) return false;
  return true;
}

function peakOf(samples: Float32Array): number {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    const size = Math.abs(samples[i]!);
    if (size > peak) peak = size;
  }
  return peak;
}
