import { createMask } from '@audio-ssl/masking';
import { randomStream } from '@audio-ssl/params';
import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
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
  it.each(['demo', 'small-data', 'tiny', 'small', 'base'])(
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
    ['model.encoder.mlpRatio=0.002', 'model.encoder.mlpRatio: expected a hidden layer of at least one unit, got 0.002'],
    ['model.predictor.mlpRatio=0.001', 'model.predictor.mlpRatio: expected a hidden layer of at least one unit'],
    [
      'prediction={loss: mse, hypotheses: {count: 3, temperature: 1, rate: 1, referenceSteps: null, hardBelow: 1e-4}}',
      'prediction.loss: expected cosine with prediction.hypotheses, got mse',
    ],
    [
      'prediction.hypotheses={count: 3, temperature: 1, rate: 1, referenceSteps: null, hardBelow: 0}',
      'prediction.hypotheses.hardBelow: expected a number above 0, got 0',
    ],
    ['memory.accumulation=3', 'memory.accumulation: expected a divisor of batchSize 32, got 3'],
    [
      'variant=byol',
      'variant: expected one of matpac, matpacPlusPlus, predictionOnly, classificationOnly, m2d, got "byol"',
    ],
    [
      'probe.pool=[median]',
      'probe.pool: expected a list, each one of mean, max, mean+std, mean+max, mean+std+max, got ["median"]',
    ],
    ['optimizer=3', 'optimizer: expected a group of the keys learningRate, warmup'],
    ['seed=', 'seed: expected a whole number from 0 to 2147483647, got null'],
    ['batchSize=.nan', 'batchSize: expected a whole number from 1 to 65536, got NaN'],
    ['minutes=.inf', 'got Infinity'],
    ['__proto__.steps=1', 'unknown key "__proto__"'],
    ['optimizer.__proto__.beta1=1', 'unknown key "optimizer.__proto__"'],
    ['constructor.prototype.steps=1', 'unknown key "constructor"'],
    ['optimizer.lr=1', 'unknown key "optimizer.lr"; the keys of "optimizer" are learningRate, warmup, '],
    ['x=1', 'unknown key "x"; the keys are preset, variant, seed, steps, '],
    ['masking.ratio=0.999', 'masking: randomMask: expected at least one visible and one masked token'],
    ['masking.span=2', 'masking.span: expected only with masking.strategy time or frequency, which is random'],
    ['masking={strategy: block, block: [6, 3]}', 'masking: blockMask: expected a block between 1x1 and the grid'],
    ['masking={strategy: block, block: 3}', 'masking.block: expected a list of a whole number'],
    ['masking={strategy: time, span: 14}', 'masking: timeMask: expected a span of at most 13 columns, got 14'],
    ['masking={strategy: frequency, ratio: 0.95}', 'masking: frequencyMask: expected at least one visible'],
    ['masking={strategy: multiBlock, aspect: [2, 1]}', 'masking: multiBlockMask: expected an aspect'],
    ['masking={strategy: multiBlock, context: 0}', 'masking.context: expected a number above 0 and up to 1, got 0'],
  ])('refuses %s', async (set, text) => {
    expect(await message([set])).toContain(text);
  });

  it.each([
    ['precision=bfloat16', '"bf16"'],
    ['precision=fp16', '"bf16"'],
    ['precision=fp32', '"float32"'],
    ['variant=matpca', '"matpac"'],
    ['masking.strategy=randm', '"random"'],
    ['data.shortClips=Drop', '"drop"'],
    ['probe.pool=[mean, men+std]', '"mean+std"'],
    ['data.segment=6s', '6'],
    ['data.segment=1.5m', '90'],
    ['minutes=10m', '10'],
    ['minutes=2h', '120'],
    ['minutes=90s', '1.5'],
  ])('names the nearest value for %s', async (given, meant) => {
    expect(await message([given])).toMatch(new RegExp(`, got .*; did you mean ${meant.replace('+', '\\+')}\\?\n`));
  });

  it('has no guess for what is near to nothing', async () => {
    expect(await message(['precision=double'])).not.toContain('did you mean');
    expect(await message(['batchSize=6s'])).not.toContain('did you mean');
    expect(await message([], 'tiyn')).toContain('did you mean "tiny"?');
  });

  it('refuses a number of steps beside a time', async () => {
    expect(await message(['steps=5', 'minutes=1'])).toBe(
      'configuration: expected steps or minutes, got both (5 and 1); leave one out',
    );
    const { steps, minutes } = await loadConfig({ preset: 'tiny', defaults: { steps: 5 }, set: ['minutes=1'] });
    expect([steps, minutes]).toEqual([5, 1]); // what the caller proposes is no choice of the user
    expect(await message(['steps=5', 'minutes=null'])).toBe('accepted');
  });

  it('names every mistake at once', async () => {
    const text = await message(['batchSize=0', 'optimizer.warmup=2', 'foo=1']);
    for (const key of ['batchSize', 'optimizer.warmup', '"foo"']) expect(text).toContain(key);
  });

  it('refuses an unknown preset, a line that is no assignment, and files that are missing or no YAML', async () => {
    expect(await message([], 'huge')).toContain(
      'preset: expected one of base, small, tiny, small-data, demo, got "huge"',
    );
    expect(await message(['steps'])).toContain('`set` steps: expected KEY=VALUE');
    await expect(loadConfig({ preset: 'demo', file: join(folder, 'no.yaml') })).rejects.toThrow(
      /no\.yaml: no such file/,
    );
    const bad = join(folder, 'bad.yaml');
    await writeFile(bad, 'steps: [1\n');
    await expect(loadConfig({ preset: 'demo', file: bad })).rejects.toThrow(/bad\.yaml is not a configuration in YAML/);
    for (const bytes of [
      Buffer.from('\x1b]0;title\x07: 1\n'),
      Buffer.of(0x61, 0xff, 0xfe, 0x3a, 0x20, 0x31),
      Buffer.alloc(9),
    ]) {
      await writeFile(bad, bytes);
      await expect(loadConfig({ preset: 'demo', file: bad })).rejects.toThrow(
        /^[^\p{Cc}\uFFFD]*bad\.yaml is not a configuration in YAML: it is not text; is it another file\?$/u,
      );
    }
    await writeFile(bad, '- 1\n');
    await expect(loadConfig({ preset: 'demo', file: bad })).rejects.toThrow(/expected keys and values at the top/);
  });

  it('reads a key with a dot, a tag and a prototype in YAML as what they are', async () => {
    const file = join(folder, 'odd.yaml');
    const said = async (text: string): Promise<string> => {
      await writeFile(file, text);
      return loadConfig({ preset: 'tiny', file }).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
    };
    expect(await said('optimizer.learningRate: 1\n')).toContain(
      'unknown key "optimizer.learningRate" with a dot in its name; in YAML write it as a group, optimizer: { learningRate: ... }',
    );
    expect(await said('__proto__:\n  steps: 1\n')).toContain('unknown key "__proto__"');
    expect(await said('steps: 1\nsteps: 2\n')).toContain('Map keys must be unique');
    const warned = vi.spyOn(process, 'emitWarning');
    expect(await said('steps: !!js/function x\n')).toContain('steps: expected a whole number');
    expect(warned).not.toHaveBeenCalled();
  });

  it('hands every option of a masking strategy on', async () => {
    const drawn = async (masking: string): Promise<string> => {
      const config = await loadConfig({ preset: 'tiny', set: [`masking=${masking}`] });
      expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
      const { visible, masked } = createMask(config.masking)({ freq: 5, time: 13 }, 4, randomStream(1, 'mask'));
      return `${visible.join()};${masked.join()}`;
    };
    for (const [plain, options] of [
      ['strategy: block', 'block: [2, 5]'],
      ['strategy: inverseBlock', 'block: [2, 5]'],
      ['strategy: time', 'span: 4'],
      ['strategy: frequency, ratio: 0.4', 'span: 2'],
      ['strategy: multiBlock', 'blocks: 2'],
      ['strategy: multiBlock', 'aspect: [3, 4]'],
      ['strategy: multiBlock', 'context: 0.5'],
    ] as const) {
      const [without, withOption] = [await drawn(`{${plain}}`), await drawn(`{${plain}, ${options}}`)];
      expect(withOption, options).not.toBe(without);
    }
    expect(await drawn('{strategy: block, block: [3, 3]}')).toBe(await drawn('{strategy: block}'));
  });

  it('property: a number is taken exactly when it is in the range that the message names', async () => {
    const keys = [...configKeys(configSchema)].filter(([, { type }]) => type === 'number' || type === 'integer');
    expect(keys.length).toBeGreaterThan(25);
    // Values that also have to fit another key are left to the tests above.
    const alone = keys.filter(
      ([key, schema]) =>
        schema.const === undefined && !/cropFrames|embedDim|numHeads|mlpRatio|accumulation|weight$|^masking/.test(key),
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

  it('names a group that is null on one side by its keys alone', async () => {
    const one = await loadConfig({ preset: 'demo' });
    const several = await loadConfig({ preset: 'demo', set: ['variant=matpacPlusPlus'] });
    const found = configDifferences(one, several);
    expect(found).toContain('prediction.hypotheses.count unset -> 5');
    expect(found).not.toContain('prediction.hypotheses null -> unset');
    expect(configDifferences(several, one)).toContain('prediction.hypotheses.count 5 -> unset');
    expect(String(configDifferences(several, one))).not.toMatch(/hypotheses \w/);
  });
});

function inRange(schema: KeySchema, value: number): boolean {
  const { type, minimum = -Infinity, maximum = Infinity, exclusiveMinimum, exclusiveMaximum } = schema;
  const above = typeof exclusiveMinimum !== 'number' || value > exclusiveMinimum;
  const below = typeof exclusiveMaximum !== 'number' || value < exclusiveMaximum;
  return value >= minimum && value <= maximum && above && below && (type === 'number' || Number.isSafeInteger(value));
}
