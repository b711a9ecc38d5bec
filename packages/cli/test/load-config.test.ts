import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configDifferences } from '../src/config/config-differences.js';
import { configKeys, expected, type KeySchema } from '../src/config/config-messages.js';
import { type Config, configSchema } from '../src/config/config-schema.js';
import { loadConfig, parseConfig } from '../src/config/load-config.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-'));
});
afterAll(() => rm(folder, { recursive: true }));

const message = async (set: readonly string[], preset = 'tiny'): Promise<string> =>
  loadConfig({ preset, set }).then(
    () => 'accepted',
    (error: Error) => error.message,
  );

describe('loadConfig', () => {
  it.each(['demo', 'tiny', 'small', 'base'])(
    'preset %s is complete, and reads back as it was saved',
    async (preset) => {
      const config = await loadConfig({ preset });
      expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
    },
  );

  it('base is the paper’s', async () => {
    const { model, data, batchSize, steps, optimizer, masking } = await loadConfig({ preset: 'base' });
    expect(model.encoder).toEqual({ embedDim: 768, depth: 12, numHeads: 12, mlpRatio: 4 });
    expect(model.predictor).toEqual({ embedDim: 512, depth: 8, numHeads: 16, mlpRatio: 4 });
    expect([data.cropFrames, data.mean, data.std, data.shortClips]).toEqual([608, -7.056, 4.193, 'drop']);
    expect([batchSize, steps, optimizer.learningRate, masking.ratio]).toEqual([2048, 294_816, 3e-4, 0.7]);
  });

  it('lays preset, defaults, file and assignments over each other', async () => {
    const file = join(folder, 'layers.yaml');
    await writeFile(file, 'steps: 20\nbatchSize: 8\noptimizer:\n  learningRate: 2e-3\n');
    const config = await loadConfig({
      preset: 'demo',
      defaults: { steps: 10, seed: 4 },
      file,
      set: ['batchSize=4', 'variant=matpacPlusPlus'],
    });
    expect([config.steps, config.seed, config.batchSize, config.optimizer.learningRate]).toEqual([20, 4, 4, 2e-3]);
    expect(config.prediction.hypotheses?.count).toBe(5);
    expect(config.optimizer.warmup).toBe(0.08); // the preset's, beside the file's learning rate
  });

  it('names the nearest key for an unknown one', async () => {
    expect(await message(['optimizer.learningrate=1'])).toContain(
      'unknown key "optimizer.learningrate"; did you mean "optimizer.learningRate"?',
    );
    expect(await message(['learningRate=1'])).toContain('did you mean "optimizer.learningRate"?');
    expect(await message(['batchsize=1'])).toContain('did you mean "batchSize"?');
    expect(await message(['data.mena=1'])).toContain('did you mean "data.mean"?');
  });

  it.each([
    ['batchSize=0', 'batchSize: expected a whole number from 1 to 65536, got 0'],
    ['steps=1.5', 'steps: expected a whole number from 1 to 10000000, got 1.5'],
    ['masking.ratio=1', 'masking.ratio: expected a number above 0 and below 1, got 1'],
    ['data.mean=loud', 'data.mean: expected a number or "dataset", got "loud"'],
    ['data.dataset=esc51', 'data.dataset: expected one of folder, esc50, nsynth, got "esc51"'],
    ['data.cropFrames=200', "data.cropFrames: expected a multiple of the patch's 16 frames, got 200"],
    ['model.encoder.numHeads=5', 'model.encoder.numHeads: expected a divisor of embedDim 192, got 5'],
    [
      'variant=byol',
      'variant: expected one of matpac, matpacPlusPlus, predictionOnly, classificationOnly, m2d, got "byol"',
    ],
    ['probe.pool=[max]', 'probe.pool: expected a list, each one of mean, mean+std+max, got ["max"]'],
    ['optimizer=3', 'optimizer: expected a group of the keys learningRate, warmup'],
    ['seed=', 'seed: expected a whole number from 0 to 2147483647, got null'],
  ])('refuses %s', async (set, text) => {
    expect(await message([set])).toContain(text);
  });

  it('tells every mistake at once', async () => {
    const text = await message(['batchSize=0', 'optimizer.warmup=2', 'foo=1']);
    for (const key of ['batchSize', 'optimizer.warmup', '"foo"']) expect(text).toContain(key);
  });

  it('refuses an unknown preset, a line that is no assignment, and files that are missing or no YAML', async () => {
    expect(await message([], 'huge')).toContain('preset: expected one of base, small, tiny, demo, got "huge"');
    expect(await message(['steps'])).toContain('--set steps: expected KEY=VALUE');
    await expect(loadConfig({ preset: 'demo', file: join(folder, 'no.yaml') })).rejects.toThrow(
      /no\.yaml: no such file/,
    );
    const bad = join(folder, 'bad.yaml');
    await writeFile(bad, 'steps: [1\n');
    await expect(loadConfig({ preset: 'demo', file: bad })).rejects.toThrow(/bad\.yaml is no configuration in YAML/);
    await writeFile(bad, '- 1\n');
    await expect(loadConfig({ preset: 'demo', file: bad })).rejects.toThrow(/expected keys and values at the top/);
  });

  it('property: a number is taken exactly when it is in the range that the message names', async () => {
    const keys = [...configKeys(configSchema)].filter(([, { type }]) => type === 'number' || type === 'integer');
    expect(keys.length).toBeGreaterThan(25);
    // Values that also have to fit another key are left to the tests above.
    const alone = keys.filter(
      ([key, schema]) => schema.const === undefined && !/cropFrames|embedDim|numHeads|weight$/.test(key),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...alone),
        fc.oneof(fc.double({ min: -10, max: 1e8, noNaN: true }), fc.integer({ min: -5, max: 200 })),
        async ([key, schema], value) => {
          const taken = (await message([`${key}=${value}`, 'variant=matpacPlusPlus'])) === 'accepted';
          expect(taken).toBe(inRange(schema, value));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('property: any configuration survives YAML', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.constantFrom('random', 'time', 'block'),
        async (steps, rate, strategy) => {
          const config = await loadConfig({
            preset: 'tiny',
            defaults: { steps, optimizer: { learningRate: rate }, masking: { strategy } },
          });
          const file = join(folder, 'round.yaml');
          await writeFile(file, stringify(config));
          expect(await loadConfig({ preset: 'demo', file })).toEqual(config);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('expected', () => {
  it('knows every key', () => {
    for (const [key, schema] of configKeys(configSchema))
      expect(expected(schema), key).toMatch(/^(a |one of|true|text|[\d"])/);
  });
});

describe('configDifferences', () => {
  it('lists what differs, but for what may change midway', async () => {
    const before = await loadConfig({ preset: 'demo' });
    const after: Config = {
      ...before,
      batchSize: 64,
      checkpointEvery: 7,
      data: { ...before.data, workers: 9, mean: 1 },
    };
    expect(configDifferences(before, after)).toEqual(['batchSize 32 -> 64', 'data.mean "dataset" -> 1']);
    expect(configDifferences(before, before)).toEqual([]);
  });
});

function inRange(schema: KeySchema, value: number): boolean {
  const { type, minimum = -Infinity, maximum = Infinity, exclusiveMinimum, exclusiveMaximum } = schema;
  const above = typeof exclusiveMinimum !== 'number' || value > exclusiveMinimum;
  const below = typeof exclusiveMaximum !== 'number' || value < exclusiveMaximum;
  return value >= minimum && value <= maximum && above && below && (type === 'number' || Number.isSafeInteger(value));
}
