import { type Size, sizes, variants, type VariantName } from '@audio-ssl/matpac';

// Small networks on small data: settings of the pilot on ESC-50 (facts of the project), which found length to matter most.
const smallData = { batchSize: 32, optimizer: { learningRate: 1e-3, warmup: 0.08 } };
const audioSet = { mean: -7.056, std: 4.193 };

const training = {
  demo: {
    steps: 2000,
    ...smallData,
    data: { cropFrames: 192, mean: 'dataset', std: 'dataset' },
    teacher: { update: 'after' },
    probe: { pool: ['mean+std+max', 'mean'] },
  },
  tiny: { steps: 10_000, ...smallData, data: { cropFrames: 208, mean: 'dataset', std: 'dataset' } },
  small: { steps: 50_000, batchSize: 128, optimizer: { learningRate: 5e-4 }, data: { cropFrames: 608, ...audioSet } },
  base: { steps: 294_816, batchSize: 2048, data: { cropFrames: 608, ...audioSet, shortClips: 'drop' } },
} as const satisfies Record<Size, object>;

/** The layers that lie under what a user sets: recipe, sizes, and the training settings that go with the sizes. */
export function presetLayers(preset: Size, variant: VariantName): readonly Readonly<Record<string, unknown>>[] {
  return [{ preset, variant, ...variants[variant], model: sizes[preset] }, training[preset]];
}
