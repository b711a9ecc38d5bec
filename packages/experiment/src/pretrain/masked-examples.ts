import { cropAt, pad } from '@audio-ssl/audio-frontend';
import { randomStream } from '@audio-ssl/params';
import { spectrogramImage, type ReportSpectrogram } from '@audio-ssl/report';
import { patchGrid } from '@audio-ssl/vit';
import type { Config } from '../config/config-schema.js';
import type { OpenClips } from '../open-clips.js';
import type { Method } from './method.js';

const EXAMPLES = 6;
const HOP_SECONDS = 0.01;

/** Pictures of a few training crops before and after masking, evenly over the data set. */
export async function maskedExamples(
  method: Pick<Method, 'mask'>,
  { dataset, store, pieces }: OpenClips,
  config: Config,
): Promise<readonly ReportSpectrogram[]> {
  const { cropFrames } = config.data;
  const { bins, patch } = config.model;
  const count = Math.min(EXAMPLES, pieces.length);
  const chosen = Array.from({ length: count }, (_, i) => pieces[Math.floor((i * pieces.length) / count)]!);
  const mask = method.mask(patchGrid(bins, cropFrames, patch), count, randomStream(config.seed, 'examples'));
  const hiddenCount = mask.masked.length / count;
  return Promise.all(
    chosen.map(async ({ clip: index, piece }, row) => {
      const whole = await store.load(index, piece);
      const floor = whole.data.reduce((low, value) => Math.min(low, value), Infinity);
      const shown = whole.frames > cropFrames ? cropAt(whole, 0, cropFrames) : pad(whole, cropFrames, floor);
      const tokens = mask.masked.subarray(row * hiddenCount, (row + 1) * hiddenCount);
      const clip = dataset.clips[index]!;
      return {
        sound: { id: clip.id, ...(clip.label === undefined ? {} : { label: clip.label }) },
        image: spectrogramImage(shown),
        masked: spectrogramImage(shown, { tokens, patch }),
        maskedShare: hiddenCount / (hiddenCount + mask.visible.length / count),
        seconds: cropFrames * HOP_SECONDS,
        size: [cropFrames, bins] as const,
      };
    }),
  );
}

/** How much of a crop is masked, in words: a share of a few tokens is rounded. */
export function maskedShare(
  { mask }: Pick<Method, 'mask'>,
  { model, data, seed }: Pick<Config, 'model' | 'data' | 'seed'>,
): string {
  const grid = patchGrid(model.bins, data.cropFrames, model.patch);
  const { masked, visible } = mask(grid, 1, randomStream(seed, 'examples'));
  const total = masked.length + visible.length;
  return `masks ${masked.length} of ${total} tokens, ${((100 * masked.length) / total).toFixed(1)} %`;
}
