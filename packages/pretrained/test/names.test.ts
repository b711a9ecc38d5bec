import { initMatpac, variants, type MatpacState } from '@audio-ssl/matpac';
import { disposeTree, leaves, type TensorTree } from '@audio-ssl/params';
import {
  byteSource,
  fromTensors,
  openTensors,
  writeSafetensors,
  type SafetensorsEntry,
  type TensorFile,
} from '@audio-ssl/tensor-files';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convertCheckpoint, encoderMetadata, loadModel, loadState, recognise, type Conversion } from '../src/index.js';

const options = {
  ...variants.matpac,
  model: {
    ...{ bins: 80, patch: [16, 16] as const, encoder: { embedDim: 8, depth: 2, numHeads: 2 } },
    predictor: { embedDim: 8, depth: 1, numHeads: 2 },
    head: { hiddenDim: 4, bottleneckDim: 3, pseudoClasses: 5 },
  },
};
const facts = { patch: [16, 16], bins: 80, frontEnd: 'matpac', mean: -7, std: 4, chunkFrames: 608 } as const;
const stated = encoderMetadata({ ...facts, numHeads: 2, cropFrames: 304, variant: 'matpac' });

type Entries = ReadonlyMap<string, SafetensorsEntry>;
let state: MatpacState;
let ours: Entries;
/** The same under the names of M2D and of MATPAC's authors. */
let m2d: Entries;
let matpac: Entries;
beforeAll(async () => {
  state = initMatpac(options, 3);
  ours = await fromTensors(leaves(state as unknown as TensorTree));
  const renamed = async (naming: 'm2d' | 'matpac', encoderOnly: boolean): Promise<Entries> => {
    const { tensors } = await convertCheckpoint(await fileOf(ours, stated), naming, { encoderOnly });
    const all = new Map<string, SafetensorsEntry>();
    for (const [name, { shape, data }] of tensors)
      all.set(name, { dtype: 'F32', shape, data: (await data()) as Float32Array });
    return all;
  };
  m2d = await renamed('m2d', true);
  matpac = await renamed('matpac', false);
});
afterAll(() => disposeTree(state as unknown as TensorTree));

const fileOf = (entries: Entries, metadata = {}, name = 'a.safetensors'): Promise<TensorFile> =>
  openTensors(byteSource(writeSafetensors(entries, metadata), name));
const named = (entries: Entries, rename: (name: string) => string): Entries =>
  new Map([...entries].map(([name, entry]) => [rename(name), entry]));
const plus = (entries: Entries, by: number): Entries =>
  new Map([...entries].map(([name, entry]) => [name, { ...entry, data: entry.data.map((value) => value + by) }]));
/** What a conversion has no place for, but for the predictor's positions, which are computed. */
const leftOverOf = ({ rows }: Conversion): unknown[] =>
  rows.filter(({ what, from }) => what === 'left over' && !from!.endsWith('decoder_pos_embed'));

/** The bias of the last norm, which tells copies of the model apart. */
async function biasOf(file: TensorFile, more: object = {}): Promise<number> {
  const model = await loadModel(file, { numHeads: 2, ...more });
  const bias = model.weights.encoder.norm.bias.dataSync()[0]!;
  model.dispose();
  return bias;
}

describe('wrappers in names', () => {
  const wrapped: [string, (name: string) => string][] = [
    ['DDP', (name) => `module.${name}`],
    ['compiled', (name) => `_orig_mod.${name}`],
    ['compiled in DDP in a dictionary', (name) => `state_dict.module._orig_mod.${name}`],
    ['each block compiled', (name) => name.replace(/blocks\.\d+/, '$&._orig_mod')],
    ['FSDP', (name) => `_fsdp_wrapped_module.${name.replace(/blocks\.\d+/, '$&._fsdp_wrapped_module')}`],
    ['checkpointed attention', (name) => name.replace('.attn.', '.attn._checkpoint_wrapped_module.')],
    [
      'all of them',
      (name) =>
        `model.module.${name.replace(/blocks\.\d+/, '$&._fsdp_wrapped_module._checkpoint_wrapped_module').replace('.mlp.', '.mlp._orig_mod.')}`,
    ],
  ];
  it.each(wrapped)('are seen through: %s', async (_, rename) => {
    for (const [entries, naming] of [
      [m2d, 'm2d'],
      [matpac, 'matpac'],
    ] as const) {
      const plain = await fileOf(entries);
      const file = await fileOf(named(entries, rename));
      const { mapped, leftOver, encoder } = recognise(file);
      expect([recognise(file).naming, leftOver, encoder]).toEqual([naming, [], recognise(plain).encoder]);
      expect([...mapped.keys()].sort()).toEqual([...recognise(plain).mapped.keys()].sort());
      for (const [path, { name }] of mapped)
        expect((await file.read(name)).data, path).toEqual(
          (await plain.read(recognise(plain).mapped.get(path)!.name)).data,
        );
      const converted = await convertCheckpoint(file, 'audio-ssl', { numHeads: 2 });
      expect(leftOverOf(converted)).toEqual([]);
    }
  });

  it('may not hide which of two models is meant', async () => {
    const both = new Map([...m2d, ...named(plus(m2d, 1), (name) => `module.${name}`)]);
    const file = await fileOf(both);
    expect(() => recognise(file)).toThrow(/a\.safetensors: '.*' and 'module\..*' are the same but for a wrapper/);
  });

  it('take no time in a name of a million of them', async () => {
    const name = `${'module.'.repeat(1e6)}x`;
    const began = performance.now();
    const { leftOver } = recognise(await fileOf(new Map([...m2d, [name, m2d.get('cls_token')!]])));
    expect(leftOver).toEqual([name]);
    expect(performance.now() - began).toBeLessThan(20_000); // some milliseconds; hours if it were quadratic
  });
});

describe('a model beside its average', () => {
  it.each(['ema_model.', 'model_ema.module.', 'ema.', 'teacher.backbone.', 'momentum_encoder.', 'state_dict_ema.'])(
    '%s: the model is taken, or what `network` says, and it is told',
    async (prefix) => {
      const file = await fileOf(
        new Map([...named(m2d, (name) => `model.${name}`), ...named(plus(m2d, 1), (name) => `${prefix}${name}`)]),
      );
      expect(await biasOf(file)).toBe(0);
      expect(await biasOf(file, { network: 'teacher' })).toBe(1);
      const { notes } = recognise(file);
      expect(notes).toHaveLength(1);
      expect(notes[0]).toMatch(/a model and an average of it: took 'model\.', the model; `network` teacher takes '/);
      expect(recognise(file, { network: 'teacher' }).notes[0]).toMatch(/, the average; `network` student takes 'model/);
      const alone = await fileOf(named(m2d, (name) => `${prefix}${name}`));
      expect(recognise(alone).notes).toEqual([]);
      expect(await biasOf(alone)).toBe(0);
    },
  );

  it('two models of which none is an average are refused by name', async () => {
    const file = await fileOf(new Map([...named(m2d, (n) => `audio.${n}`), ...named(m2d, (n) => `image.${n}`)]));
    expect(() => recognise(file)).toThrow(
      "a.safetensors has 2 encoders, 'audio.', 'image.'; save the one that you mean",
    );
  });
});

it('weight norm as a parametrization is that of its older names', async () => {
  const renamed = named(matpac, (name) =>
    name.replace(/weight_([gv])$/, (_, part) => `parametrizations.weight.original${part === 'g' ? 0 : 1}`),
  );
  expect([...renamed.keys()].filter((name) => name.includes('parametrizations'))).toHaveLength(4);
  const [old, file] = [await fileOf(matpac), await fileOf(renamed)];
  const [expected, converted] = [await convertCheckpoint(old, 'audio-ssl'), await convertCheckpoint(file, 'audio-ssl')];
  expect([...converted.tensors.keys()]).toEqual([...expected.tensors.keys()]);
  expect(leftOverOf(converted)).toEqual([]);
  const loaded = await loadState(file, state);
  expect(loaded.leftOver).toEqual([]);
  for (const [path, leaf] of leaves(loaded.state as unknown as TensorTree)) {
    if (path.startsWith('moments.')) continue;
    expect([...leaf.dataSync()], path).toEqual([...ours.get(path)!.data]);
  }
  disposeTree(loaded.state as unknown as TensorTree);
});

describe('a layout that is not read', () => {
  it.each<[string, (name: string) => string, RegExp]>([
    ['chunks', (name) => name.replace('blocks.', 'blocks.0.'), /blocks\.0\.0\..*; its blocks are in chunks, as DINOv2/],
    [
      'transformers',
      (name) => name.replace('blocks.', 'encoder.layer.').replace('attn.qkv', 'attention.attention.query'),
      /it is a ViT or AST as transformers names it/,
    ],
    ['one projection each', (name) => name.replace('attn.qkv', 'attn.q'), /its attention has other parts than one qkv/],
    ['FSDP', (name) => `_fsdp_wrapped_module._flat_param_${name.length}${name.at(-1)}_flat_param`, /FSDP's flat form/],
    ['another', (name) => `conv.${name.replaceAll('blocks', 'cells')}`, /is it the right file\?/],
  ])('is named: %s', async (_, rename, message) => {
    const file = await fileOf(named(m2d, rename));
    expect(() => recognise(file)).toThrow(message);
    expect(() => recognise(file)).toThrow(/^recognise: a\.safetensors: expected an encoder of .*got tensors such as/);
  });

  it('of one shard says so', async () => {
    const some = new Map([...m2d].filter(([name]) => name.startsWith('blocks.1.')));
    const file = await fileOf(some, {}, 'model-00002-of-00003.safetensors');
    expect(() => recognise(file)).toThrow(/It is shard 2 of 3: give their index/);
  });
});

describe('what tensors do not say', () => {
  const encoder = (): Entries => named(new Map([...ours].filter(([name]) => /^student\.(?!pred|head|proj)/.test(name))), (name) => name.replace('student.', '')); // prettier-ignore
  const without = (key: string): Record<string, string> =>
    Object.fromEntries(Object.entries(stated).filter(([other]) => other !== key));

  it('is refused by name where a file of ours lacks it, and the caller does not give it', async () => {
    for (const key of ['patch', 'bins', 'frontEnd', 'mean', 'std', 'chunkFrames'] as const) {
      const file = await fileOf(encoder(), without(key));
      const message = `a.safetensors: weights of ours without ${key} in their metadata, on which features depend; give \`facts\` (${key})`;
      await expect(loadModel(file), key).rejects.toThrow(message);
      await expect(convertCheckpoint(file, 'm2d'), key).rejects.toThrow(message);
      const model = await loadModel(file, { facts: { [key]: facts[key] } });
      expect(model.settings).toMatchObject({ numHeads: 2, standardization: { mean: -7, std: 4 }, chunkFrames: 608 });
      model.dispose();
      const { metadata } = await convertCheckpoint(file, 'm2d', { facts: { [key]: facts[key] } });
      expect(metadata).toMatchObject(stated);
    }
    await expect(loadModel(await fileOf(encoder()))).rejects.toThrow(
      /without patch, bins, numHeads, frontEnd, mean, std, chunkFrames .* give `numHeads` and `facts` \(patch, bins, /,
    );
    (await loadModel(await fileOf(encoder()), { numHeads: 2, facts })).dispose();
  });

  it('may not be contradicted', async () => {
    const file = await fileOf(encoder(), stated);
    await expect(loadModel(file, { numHeads: 4 })).rejects.toThrow('states numHeads 2, and `numHeads` says 4');
    await expect(loadModel(file, { facts: { mean: -6 } })).rejects.toThrow('states mean -7, and `facts` says -6');
    await expect(convertCheckpoint(file, 'm2d', { numHeads: 4 })).rejects.toThrow('states numHeads 2');
    (await loadModel(file, { numHeads: 2, facts: { mean: -7 } })).dispose();
  });

  it('is refused where it is of another version', async () => {
    const logMel = JSON.stringify({ ...(JSON.parse(stated['logMel']!) as object), maxFrequency: 7000 });
    const refused = async (metadata: Record<string, string>, message: RegExp): Promise<void> => {
      await expect(loadModel(await fileOf(encoder(), { ...stated, ...metadata }))).rejects.toThrow(message);
    };
    await refused({ logMel }, /its front end matpac had the settings .*7000.* is it from another version/);
    await refused({ logMel: '[' }, /had the settings \[/);
    await refused({ frontEnd: 'mfcc' }, /its front end is 'mfcc', and only matpac, m2d, m2d32k are known/);
    await refused({ std: '0' }, /expected a finite mean and a std above 0 in its metadata, got -7 and 0/);
    await refused({ chunkFrames: '600' }, /expected chunkFrames that are a multiple of 16 .*got 600/);
  });
});

describe('M2D’s models for 32 kHz', () => {
  const at = (name: string, entries = m2d): Promise<TensorFile> => fileOf(entries, {}, name);
  const rateOf = async (file: TensorFile, more: object = {}): Promise<unknown> => {
    const model = await loadModel(file, { numHeads: 2, ...more });
    const { logMel } = model.settings;
    model.dispose();
    return { ...logMel, notes: model.notes };
  };
  const at32 = { sampleRate: 32_000, windowLength: 800, hopLength: 320, fftSize: 800, minFrequency: 50, maxFrequency: 16_000, center: true, melBins: 80, notes: [] }; // prettier-ignore

  it('are computed at 32 kHz, by the name of their folder or their table of filters', async () => {
    const folder = 'models/m2d_vit_base-80x608p16x16p32k-240413';
    expect(await rateOf(await at(`${folder}/weights_ep300.pth`))).toMatchObject(at32);
    expect(await rateOf(await at(`${folder}_AS-FT_enconly.pth`))).toMatchObject(at32);
    const table = (bins: number): SafetensorsEntry => ({ dtype: 'F32', shape: [80, bins], data: new Float32Array(80 * bins) }); // prettier-ignore
    const tuned = (bins: number): Entries => new Map([...m2d, ['to_spec.mel_basis', table(bins)]]);
    expect(await rateOf(await at('x.pth', tuned(401)))).toMatchObject(at32);
    expect(await rateOf(await at('x.pth', tuned(201)))).toMatchObject({ sampleRate: 16_000 });
    expect(await rateOf(await at('x.pth'), { facts: { frontEnd: 'm2d32k' } })).toMatchObject(at32);
    await expect(rateOf(await at('m2d_vit_base-80x608p16x16p48k-1.pth'))).rejects.toThrow('sounds of 48kHz');
    // It stays known under other names.
    const { metadata } = await convertCheckpoint(await at(`${folder}/weights.pth`), 'matpac', { numHeads: 2 });
    expect(metadata['frontEnd']).toBe('m2d32k');
  });

  it('are those for 16 kHz otherwise, which is told where nothing says it', async () => {
    for (const name of ['m2d_vit_base-80x608p16x16-221006-mr7.pth', 'm2d_vit_base-80x608p16x16p16k-240413/w.pth'])
      expect(await rateOf(await at(name))).toMatchObject({ sampleRate: 16_000, notes: [] });
    expect(await rateOf(await at('weights.pth'))).toMatchObject({
      sampleRate: 16_000,
      notes: [expect.stringMatching(/weights\.pth: taken as a model of M2D for 16 kHz.*`facts` frontEnd=m2d32k/)],
    });
    // Names of others mean nothing.
    expect(await rateOf(await at('x-80x608p16x16p32k.pth', matpac))).toMatchObject({ sampleRate: 16_000, notes: [] });
  });
});

it('float8 with a scale that is not applied is refused', async () => {
  const file = await fileOf(new Map([...m2d, ['blocks.0.attn.qkv.weight_scale', m2d.get('cls_token')!]]));
  const name = 'blocks.0.attn.qkv.weight';
  const tensors = new Map([...file.tensors, [name, { ...file.tensors.get(name)!, dtype: 'F8_E4M3' }]]);
  const message = `${name} is in float8 with a scale of its own (${name}_scale), which is not read`;
  await expect(loadModel({ ...file, tensors }, { numHeads: 2 })).rejects.toThrow(message);
});
