/** The sound of the fixtures: whole numbers of 16 bits by a formula, so that lossless ones need no record. */
export function signal(channels: number, frames: number, sampleRate: number): Int16Array[] {
  return Array.from({ length: channels }, (_, channel) =>
    Int16Array.from({ length: frames }, (_, i) => {
      const t = i / sampleRate;
      const sweep = 9000 * Math.sin(2 * Math.PI * (220 + 90 * channel + 400 * t) * t);
      const tone = 2500 * Math.sin(2 * Math.PI * (1500 + 200 * channel) * t);
      return Math.round(sweep + tone) + (((i * 7919 + channel * 104_729) % 25) - 12);
    }),
  );
}

/** A WAV file of it, of 16 bits, or of 24 or 32 with the lower ones set, too. */
export function wav(samples: readonly Int16Array[], sampleRate: number, bits: 16 | 24 | 32 = 16): Uint8Array {
  const [bytes, channels, frames] = [bits / 8, samples.length, samples[0]!.length];
  const file = new Uint8Array(44 + frames * channels * bytes);
  const view = new DataView(file.buffer);
  const text = (at: number, value: string): void =>
    file.set(
      [...value].map((c) => c.charCodeAt(0)),
      at,
    );
  text(0, 'RIFF');
  view.setUint32(4, file.length - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * bytes, true);
  view.setUint16(32, channels * bytes, true);
  view.setUint16(34, bits, true);
  text(36, 'data');
  view.setUint32(40, file.length - 44, true);
  for (let i = 0, at = 44; i < frames; i++) {
    for (let c = 0; c < channels; c++, at += bytes) {
      const value = widen(samples[c]![i]!, i, bits);
      for (let b = 0; b < bytes; b++) view.setUint8(at + b, Math.floor(value / 2 ** (8 * b)) & 255);
    }
  }
  return file;
}

/** A sample with as many bits; what 16 lack is filled by a formula, up to nearly full scale. */
export function widen(sample: number, index: number, bits: 16 | 24 | 32): number {
  if (bits === 16) return sample;
  const more = (index * 40_503) % 2 ** 8;
  return bits === 24 ? sample * 2 ** 8 + more : Math.round(sample * 2.7 * 2 ** 16) + more * 2 ** 8 + more;
}
