import { describe, expect, it } from 'vitest';
import {
  checkOptions,
  sizes,
  trainStep,
  variants,
  withSettings,
  type MatpacData,
  type MatpacOptions,
  type Setting,
} from '../src/index.js';

const options: MatpacOptions = { model: sizes.tiny, ...variants.matpac };
const { hypotheses } = variants.matpacPlusPlus.prediction;
const found = (setting: Setting, data?: MatpacData): string[] =>
  checkOptions(withSettings(options, setting), data).map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('checkOptions', () => {
  it.each(Object.entries(sizes))('finds nothing wrong with the sizes %s in any variant', (_, model) => {
    const data = { frames: 208, batchSize: 32, masking: { strategy: 'block', ratio: 0.7, block: [5, 5] } } as const;
    for (const variant of Object.values(variants)) expect(checkOptions({ model, ...variant }, data)).toEqual([]);
  });

  it.each([
    [{ model: { encoder: { numHeads: 5 } } }, ['model.encoder.numHeads: expected a divisor of embedDim 192, got 5']],
    [
      { model: { predictor: { mlpRatio: 0.001 } } },
      ['model.predictor.mlpRatio: expected a hidden layer of at least one unit, got 0.001 of embedDim 128'],
    ],
    [{ model: { encoder: { embedDim: 6, numHeads: 3 } } }, ['model.encoder.embedDim: expected a multiple of 4, got 6']],
    [{ model: { patch: [7, 16] } }, ['model.patch: expected a height that divides 80 mel bins, got 7']],
    [
      { prediction: { loss: 'mse', hypotheses } },
      ['prediction.loss: expected cosine with prediction.hypotheses, got mse'],
    ],
    [
      { prediction: { targetLayers: 13 } },
      ['prediction.targetLayers: expected at most the 12 blocks of the encoder, got 13'],
    ],
    [
      { prediction: { targetLayers: 0 } },
      ['prediction.targetLayers: expected a number of blocks from 1, or all, got 0'],
    ],
    [
      { prediction: { weight: 0 }, classification: { weight: 0 } },
      ['prediction.weight: expected a weight above 0 here or in classification.weight, got 0 in both'],
    ],
  ] as const satisfies [Setting, string[]][])('refuses %o, as trainStep does', (setting, expected) => {
    expect(found(setting)).toEqual(expected);
    expect(() => trainStep(withSettings(options, setting))).toThrow(`trainStep: ${expected[0]}`);
  });

  it('holds options against the batches they are meant for', () => {
    expect(found({ memory: { accumulation: 3, remat: false } })).toEqual([]);
    expect(found({ memory: { accumulation: 3, remat: false } }, { batchSize: 32 })).toEqual([
      'memory.accumulation: expected a divisor of batchSize 32, got 3',
    ]);
    expect(found({}, { frames: 200 })).toEqual(["frames: expected a multiple of the patch's 16 frames, got 200"]);
  });

  it('holds the masking against its strategy and the grid', () => {
    const masked = (masking: MatpacData['masking'], frames?: number): string[] => found({}, { masking, frames });
    expect(masked({ strategy: 'random', ratio: 0.7, span: 2, context: 1 })).toEqual([
      'masking.span: expected only with masking.strategy time or frequency, which is random',
      'masking.context: expected only with masking.strategy multiBlock, which is random',
    ]);
    expect(masked({ strategy: 'block', ratio: 0.7, block: [6, 3] })).toEqual([]); // no grid is known
    expect(masked({ strategy: 'block', ratio: 0.7, block: [6, 3] }, 208)).toEqual([
      "masking: blockMask: expected a block between 1x1 and the grid's 5x13, got 6x3; give a smaller block",
    ]);
    expect(masked({ strategy: 'random', ratio: 0.999 }, 208)[0]).toMatch(
      /^masking: randomMask: expected at least one visible and one masked token/,
    );
  });

  it('reports every broken rule', () => {
    const setting: Setting = {
      model: { encoder: { numHeads: 5 }, predictor: { embedDim: 30, numHeads: 4 } },
      prediction: { targetLayers: 20, weight: 0 },
      classification: { weight: 0 },
    };
    const masking = { strategy: 'time', ratio: 0.7, span: 200 } as const;
    const paths = found(setting, { frames: 20, batchSize: 8, masking }).map((line) => line.split(':')[0]);
    expect(paths).toEqual([
      'frames',
      'model.encoder.numHeads',
      'model.predictor.numHeads',
      'model.predictor.embedDim',
      'prediction.targetLayers',
      'prediction.weight',
    ]);
  });
});
