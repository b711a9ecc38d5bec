import { hasTransform, putTransform } from './fft-tables.js';
import { FRAME_GROUP, type FrameTransform } from './frame-transform.js';
import { createReferenceTransform } from './frames-by-reference.js';
import { hannWindow } from './hann-window.js';
import type { Kernel } from './kernel.js';
import type { LogMelOptions } from './log-mel-options.js';
import { melFilters } from './mel-filters.js';

/** Samples and values that are handed over at a time. */
const AT_ONCE = 200_000;
/** The smallest normal number of single precision: the kernel's logarithm knows none below it. */
const SMALLEST = 2 ** -126;

/**
 * Prepares log-mels of frames in single precision by the kernel, as the reference computes them: with the usual options
 * within 4.7e-4 of it on recordings (in bands without power, beside loud ones), 7e-7 in the mean. Frames so loud that single precision does not hold their power are
 * left to the reference. `undefined` for options that the kernel does not know.
 */
export function createKernelTransform(options: LogMelOptions, kernel: Kernel): FrameTransform | undefined {
  const { fftSize, windowLength, hopLength, melBins, logOffset } = options;
  if (!hasTransform(fftSize) || logOffset < SMALLEST) return undefined;
  const filters = melFilters(options);
  const window = new Float32Array(fftSize);
  window.set(hannWindow(windowLength), Math.floor((fftSize - windowLength) / 2)); // as torch.stft
  const perFrame = hopLength + melBins;
  const chunk = Math.max(1, Math.floor(AT_ONCE / perFrame / FRAME_GROUP)) * FRAME_GROUP;

  const layout = kernel.layout();
  const transform = putTransform(layout, fftSize);
  const description = Int32Array.of(
    ...[fftSize, hopLength, melBins, ...transform],
    layout.put(window),
    layout.put(Int32Array.from(filters, ({ first }) => first)),
    layout.put(Int32Array.from(filters, ({ weights }) => weights.length)),
    // Power is four times too large: both frames of a transform are twice too loud.
    layout.put(Float32Array.from(filters.flatMap(({ weights }) => [...weights].map((weight) => weight / 4)))),
    ...[layout.reserve(32 * fftSize), layout.reserve(32 * fftSize), layout.reserve(32 * (fftSize / 2 + 1))],
    new Int32Array(Float32Array.of(logOffset).buffer)[0]!,
  );
  const room = chunk * hopLength + fftSize;
  const [signalAt, rowsAt] = [layout.reserve(4 * room), layout.reserve(4 * chunk * melBins)];
  const program = layout.program(description);
  if (!kernel.hasRoom(program)) return undefined;
  let reference: FrameTransform | undefined;

  /** Frames of the group from `first` on, by the reference, in place of those that the kernel gave up. */
  const replace = (signal: Float32Array, first: number, frames: number, data: Float32Array): void => {
    const count = Math.min(FRAME_GROUP, frames - first);
    const rows = new Float32Array(count * melBins);
    reference ??= createReferenceTransform(options);
    reference(signal.subarray(first * hopLength, (first + count - 1) * hopLength + fftSize), count, rows);
    for (let bin = 0; bin < melBins; bin++)
      data.set(rows.subarray(bin * count, (bin + 1) * count), bin * frames + first);
  };

  return (signal, frames, data) => {
    const memory = kernel.load(program);
    const { allFinite, logMel } = kernel.exports;
    for (let first = 0; first < frames; first += chunk) {
      const count = Math.min(chunk, frames - first);
      const start = first * hopLength;
      const seen = (count - 1) * hopLength + fftSize;
      // Samples that no frame shows, between frames that do not overlap and behind the last one, have to be finite too.
      const part = signal.subarray(
        start,
        first + chunk < frames ? start + Math.max(seen, count * hopLength) : undefined,
      );
      memory.set(part, signalAt / 4);
      if (!allFinite(signalAt, part.length)) return false;
      memory.fill(0, signalAt / 4 + seen, signalAt / 4 + room);
      const lost: number[] = [];
      for (let from = 0; from < count; from += FRAME_GROUP) {
        from = logMel(program.at, signalAt, rowsAt, chunk, from, count);
        if (from < count) lost.push(first + from);
      }
      for (let bin = 0; bin < melBins; bin++) {
        const at = rowsAt / 4 + bin * chunk;
        data.set(memory.subarray(at, at + count), bin * frames + first);
      }
      for (const group of lost) replace(signal, group, frames, data);
    }
    return true;
  };
}
