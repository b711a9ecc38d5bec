import { type Size, sizes, variants, type VariantName } from '@audio-ssl/matpac';

// Small networks: settings of a pilot on ESC-50, which found length to matter most.
const smallNetwork = { batchSize: 32, optimizer: { learningRate: 1e-3, warmup: 0.08 } };
const audioSet = { mean: -7.056, std: 4.193 };

const training = {
  demo: {
    steps: 2000,
    ...smallNetwork,
    data: { cropFrames: 192, mean: 'dataset', std: 'dataset' },
    teacher: { update: 'after' },
    probe: { pool: ['mean+std+max', 'mean'] },
  },
  // Chosen on ESC-50: 704 epochs of its 2000 clips. A clip of 5 s has 31 time patches, a crop 13: hence the offset.
  'small-data': {
    steps: 44_000,
    ...smallNetwork,
    data: { cropFrames: 208, timeOffset: 18, mean: 'dataset', std: 'dataset' },
    // A teacher that moves faster than the authors' would, and as fast in runs of any length: tried from 6500 steps on.
    teacher: {
      update: 'after',
      encoderDecay: { from: 0.997, to: 0.9994, referenceSteps: null },
      headDecay: { from: 0.98, to: 1, referenceSteps: null },
    },
    probe: { pool: ['mean', 'mean+std+max'] },
  },
  tiny: { steps: 10_000, ...smallNetwork, data: { cropFrames: 208, mean: 'dataset', std: 'dataset' } },
  small: { steps: 50_000, batchSize: 128, optimizer: { learningRate: 5e-4 }, data: { cropFrames: 608, ...audioSet } },
  base: { steps: 294_816, batchSize: 2048, data: { cropFrames: 608, ...audioSet, shortClips: 'drop' } },
} as const satisfies Record<Size, object>;

/** The layers that lie under what a user sets: recipe, sizes, and the training settings that go with the sizes. */
export function presetLayers(preset: Size, variant: VariantName): readonly Readonly<Record<string, unknown>>[] {
  return [{ preset, variant, ...variants[variant], model: sizes[preset] }, training[preset]];
}
