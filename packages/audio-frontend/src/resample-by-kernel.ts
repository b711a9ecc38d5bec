import { planBlocks } from './block-plan.js';
import { hasTransform, putTransform } from './fft-tables.js';
import type { Kernel } from './kernel.js';
import type { RateRatio } from './rate-ratio.js';
import { requireFinite } from './require-finite.js';
import { createBlockResampler } from './resample-by-blocks.js';
import type { Resampler } from './resampler.js';

/** Blocks at a time: two in each of four lanes. */
const BLOCKS = 8;

/**
 * Prepares the resampler of `createBlockResampler` in single precision by the kernel, within 6.6e-7 of full scale of it. Where
 * single precision overflows, that one takes its place. `undefined` for ratios that the kernel does not know.
 */
export function createKernelResampler(ratio: RateRatio, kernel: Kernel): Resampler | undefined {
  const { guard, step, inputs, outputs, response } = planBlocks(ratio);
  if (!hasTransform(inputs) || !hasTransform(outputs)) return undefined;
  const [hop, kept] = [step * ratio.old, step * ratio.new];
  const apart = Math.ceil(kept / 4) * 4;

  const layout = kernel.layout();
  const [forward, back] = [putTransform(layout, inputs), putTransform(layout, outputs)];
  const gains = layout.put(Float32Array.from(response));
  const size = 32 * Math.max(inputs, outputs);
  const [work, spare] = [layout.reserve(size), layout.reserve(size)];
  const seen = (BLOCKS - 1) * hop + inputs;
  const [inputAt, outputAt] = [layout.reserve(4 * seen), layout.reserve(4 * BLOCKS * apart)];
  const program = layout.program(
    Int32Array.of(
      ...[inputs, outputs, hop, guard * ratio.new, kept],
      ...[...forward, ...back],
      ...[response.length, gains, work, spare],
    ),
  );
  if (!kernel.hasRoom(program)) return undefined;

  let reference: Resampler | undefined;

  return {
    grain: 2 * kept, // the two blocks of a lane
    bytes: program.tables.reduce((sum, { bytes }) => sum + bytes.length, 0),
    inputs: (first, end) => ({
      start: (first / ratio.new - guard) * ratio.old,
      end: (end / ratio.new + guard) * ratio.old,
    }),
    run(samples, start, result, first) {
      const memory = kernel.load(program);
      const input = memory.subarray(inputAt / 4, inputAt / 4 + seen);
      for (let done = 0; done < result.length; done += BLOCKS * kept) {
        const from = ((first + done) / ratio.new - guard) * ratio.old - start;
        const part = samples.subarray(Math.max(0, from), Math.max(0, from + seen));
        const silence = Math.max(0, -from);
        input.fill(0, 0, silence);
        input.set(part, silence);
        input.fill(0, silence + part.length);
        if (!kernel.exports.allFinite(inputAt, seen)) requireFinite('resample', samples, start);
        kernel.exports.resample(program.at, inputAt, outputAt, apart);
        for (let block = 0; block < BLOCKS && done + block * kept < result.length; block++) {
          const to = done + block * kept;
          const at = outputAt / 4 + block * apart;
          result.set(memory.subarray(at, at + Math.min(kept, result.length - to)), to);
        }
        for (let lane = 0; lane < BLOCKS / 2; lane++) {
          if (kernel.exports.allFinite(outputAt + 8 * lane * apart, 2 * apart)) continue;
          const to = done + 2 * lane * kept;
          reference ??= createBlockResampler(ratio);
          reference.run(samples, start, result.subarray(to, to + 2 * kept), first + to);
        }
      }
    },
  };
}
