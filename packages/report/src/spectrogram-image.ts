import { rgb } from 'd3-color';
import { interpolateMagma } from 'd3-scale-chromatic';
import { encode } from 'fast-png';

/** A spectrogram to draw: row-major (bins, frames), row 0 the lowest. */
export interface DrawnSpectrogram {
  readonly data: Float32Array;
  readonly bins: number;
  readonly frames: number;
}

/** Which patches of a spectrogram are hidden: token = f * (frames / patchTime) + t. */
export interface HiddenPatches {
  readonly tokens: ArrayLike<number>;
  /** Height and width of a patch, in bins and frames. */
  readonly patch: readonly [bins: number, frames: number];
}

const palette = Array.from({ length: 256 }, (_, i) => rgb(interpolateMagma(i / 255)));

/**
 * Draws a spectrogram as a PNG `data:` address, high frequencies on top, magma colours between its own 1st and 99.5th
 * percentile; hidden patches are drained of colour and darkened.
 *
 * @param hidden none by default
 * @param scale whole number of pixels a bin and a frame take
 * @example
 * const image = spectrogramImage(logMel, { tokens: [0, 1], patch: [16, 16] }); // 'data:image/png;base64,...'
 */
export function spectrogramImage(spectrogram: DrawnSpectrogram, hidden?: HiddenPatches, scale = 1): string {
  const { data, bins, frames } = spectrogram;
  const sorted = Float32Array.from(data).sort();
  const low = sorted[Math.floor(0.01 * (sorted.length - 1))] ?? 0;
  const high = sorted[Math.floor(0.995 * (sorted.length - 1))] ?? 1;
  const isHidden = hiddenPixels(spectrogram, hidden);
  const width = frames * scale;
  const pixels = new Uint8Array(width * bins * scale * 3);
  for (let y = 0; y < bins * scale; y++) {
    const bin = bins - 1 - Math.floor(y / scale);
    for (let x = 0; x < width; x++) {
      const frame = Math.floor(x / scale);
      const level = ((data[bin * frames + frame] as number) - low) / (high - low || 1);
      const { r, g, b } = palette[Math.round(255 * Math.min(1, Math.max(0, level)))] as (typeof palette)[number];
      const at = 3 * (y * width + x);
      if (isHidden(bin, frame)) {
        const grey = 116 + 0.16 * (0.3 * r + 0.59 * g + 0.11 * b);
        pixels.set([grey, grey, grey + 6], at);
      } else pixels.set([r, g, b], at);
    }
  }
  const png = encode({ width, height: bins * scale, data: pixels, channels: 3, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

function hiddenPixels({ frames }: DrawnSpectrogram, hidden?: HiddenPatches): (bin: number, frame: number) => boolean {
  if (!hidden) return () => false;
  const [height, width] = hidden.patch;
  const columns = Math.floor(frames / width);
  const tokens = new Set(Array.from(hidden.tokens));
  return (bin, frame) => tokens.has(Math.floor(bin / height) * columns + Math.floor(frame / width));
}
