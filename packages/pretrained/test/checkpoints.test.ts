import {
  byteSource,
  fromTensors,
  openTensors,
  pytorchChunks,
  readSafetensors,
  safetensorsChunks,
  writeSafetensors,
  type SafetensorsEntry,
  type TensorFile,
} from '@audio-ssl/tensor-files';
import { disposeTree, leaves, type TensorTree } from '@audio-ssl/params';
import { seeded, sharedFolder } from '@audio-ssl/testing';
import { sinCosPositions } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  convertCheckpoint,
  createExtractor,
  encoderMetadata,
  loadModel,
  loadState,
  recognise,
  type Conversion,
} from '../src/index.js';
import { initMatpac, variants, type MatpacOptions, type MatpacState, type ModelOptions } from '@audio-ssl/matpac';

const model: ModelOptions = {
  bins: 80,
  patch: [16, 16],
  encoder: { embedDim: 16, depth: 2, numHeads: 4 },
  predictor: { embedDim: 12, depth: 1, numHeads: 3 },
  head: { hiddenDim: 10, bottleneckDim: 6, pseudoClasses: 14 },
};
const plusPlus: MatpacOptions = { model, ...variants.matpacPlusPlus };

type Entries = Map<string, SafetensorsEntry>;
const entry = (shape: number[], data: Float32Array): SafetensorsEntry => ({ dtype: 'F32', shape, data });
const random = seeded(3);
const noise = (...shape: number[]): SafetensorsEntry =>
  entry(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() - 0.5),
  );
const fileOf = (entries: Entries, metadata = {}): Promise<TensorFile> =>
  openTensors(byteSource(writeSafetensors(entries, metadata), 'a.safetensors'));
const gather = async (chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return new Uint8Array(Buffer.concat(all));
};
const asPytorch = async ({ tensors, dictionaries, metadata }: Conversion): Promise<TensorFile> =>
  openTensors(byteSource(await gather(pytorchChunks(tensors, { dictionaries, metadata })), 'a.pt'));
const asSafetensors = async ({ tensors, metadata }: Conversion): Promise<TensorFile> =>
  openTensors(byteSource(await gather(safetensorsChunks(tensors, metadata)), 'b.safetensors'));
const numbersOf = async (tree: TensorTree): Promise<ReadonlyMap<string, readonly number[]>> =>
  new Map(await Promise.all(leaves(tree).map(async ([path, leaf]) => [path, [...(await leaf.data())]] as const)));

/** A state every leaf of which is random, so that nothing can be mistaken for another. */
function randomState(options: MatpacOptions): MatpacState {
  const state = initMatpac(options, 1);
  for (const [, leaf] of leaves(state as unknown as TensorTree)) leaf.dispose();
  const draw = (node: unknown): unknown =>
    node instanceof tf.Tensor
      ? tf.tensor(noise(...node.shape).data, node.shape)
      : Array.isArray(node)
        ? node.map(draw)
        : Object.fromEntries(Object.entries(node as object).map(([key, child]) => [key, draw(child)]));
  return draw(state) as MatpacState;
}

const facts = { patch: [16, 16], bins: 80, frontEnd: 'matpac', mean: -7.056, std: 4.193, chunkFrames: 608 } as const;
const stated = encoderMetadata({ ...facts, numHeads: 4 });
const stateFile = async (state: MatpacState): Promise<TensorFile> =>
  fileOf(await fromTensors(leaves(state as unknown as TensorTree)), stated);

describe('weights that are not finite', () => {
  it.each([NaN, Infinity, -Infinity])('are refused, naming file and tensor: %d', async (bad) => {
    const state = randomState(plusPlus);
    const tensors = new Map(await fromTensors(leaves(state as unknown as TensorTree)));
    const name = 'student.encoder.blocks.1.mlp.fc2.kernel';
    (tensors.get(name)!.data as Float32Array)[5] = bad;
    const file = await fileOf(tensors, stated);
    const before = tf.memory().numTensors;
    const message = `a.safetensors: expected finite weights, got ${bad} in ${name}`;
    await expect(loadModel(file)).rejects.toThrow(message);
    await expect(loadState(file, state)).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
    (await loadModel(file, { network: 'teacher' })).dispose(); // what is not asked for is not checked
    disposeTree(state as unknown as TensorTree);
  });
});

describe('a training checkpoint', () => {
  it('in the names of the authors gives back the state it was made of, and the names of the authors', async () => {
    const state = randomState(plusPlus);
    const conversion = await convertCheckpoint(await stateFile(state), 'matpac');
    const names = [...conversion.tensors.keys()];
    // Section 8 of the layout that the authors publish.
    const expected = {
      'model.cls_token': [1, 1, 16],
      'model.pos_embed': [1, 191, 16],
      'model.patch_embed.proj.weight': [16, 1, 16, 16],
      'model.student_encoder.blocks.1.attn.qkv.weight': [48, 16],
      'model.student_encoder.norm.bias': [16],
      'model.decoder.mask_token': [1, 1, 12],
      'model.decoder.decoder_pos_embed': [1, 191, 12],
      'model.decoder.decoder_embed.weight': [12, 16],
      'model.decoder.decoder_blocks.0.mlp.fc2.weight': [12, 48],
      'model.decoder.decoder_norm.weight': [12],
      'model.mcl_heads.mcl_heads.4.weight': [16, 12],
      'model.cls_student_head.mlp.0.weight': [10, 16],
      'model.cls_student_head.mlp.4.bias': [6],
      'model.cls_student_head.last_layer.weight_g': [14, 1],
      'model.cls_student_head.last_layer.weight_v': [14, 6],
      'model.cls_head_loss.center': [1, 1, 14],
      'model._ema.blocks.0.norm1.weight': [16],
      'model._ema.norm.weight': [16],
      'model._cls_head_ema.mlp.2.weight': [10, 10],
      'model._cls_head_ema.last_layer.weight_v': [14, 6],
    };
    for (const [name, shape] of Object.entries(expected))
      expect(conversion.tensors.get(name)?.shape, name).toEqual(shape);
    expect(names.filter((name) => /student\.|moments|kernel/.test(name))).toEqual([]);
    expect(conversion.dictionaries).toEqual(['model', 'model._ema', 'model._cls_head_ema']);
    expect(conversion.rows.filter(({ what }) => what === 'missing')).toEqual([]);

    for (const file of [await asPytorch(conversion), await asSafetensors(conversion)]) {
      expect(recognise(file).family).toBe('MATPAC++ training checkpoint');
      const fresh = initMatpac(plusPlus, 7);
      const tensors = tf.memory().numTensors;
      const loaded = await loadState(file, fresh);
      expect(loaded.leftOver).toEqual([]);
      expect(loaded.fresh).toEqual(['moments']);
      const { moments: zeros, ...got } = loaded.state;
      const { student, teacher, center } = state;
      expect(await numbersOf(got as unknown as TensorTree)).toEqual(
        await numbersOf({ student, teacher, center: center! } as unknown as TensorTree),
      );
      expect([...(await numbersOf(zeros as unknown as TensorTree)).values()].flat().every((value) => value === 0)).toBe(
        true,
      );
      disposeTree(loaded.state as unknown as TensorTree);
      expect(tf.memory().numTensors).toBe(tensors);
      disposeTree(fresh as unknown as TensorTree);
    }
    disposeTree(state as unknown as TensorTree);
  });

  it('of ours keeps its moments; converted there and back it is the same file', async () => {
    const state = randomState(plusPlus);
    const fresh = initMatpac(plusPlus, 7);
    const ours = await stateFile(state);
    const loaded = await loadState(ours, fresh);
    expect([loaded.fresh, loaded.leftOver]).toEqual([[], []]);
    expect(await numbersOf(loaded.state as unknown as TensorTree)).toEqual(
      await numbersOf(state as unknown as TensorTree),
    );
    const back = await convertCheckpoint(await asPytorch(await convertCheckpoint(ours, 'matpac')), 'audio-ssl');
    for (const [name, pending] of back.tensors) {
      if (name === 'pos_embed') continue;
      expect([...((await pending.data()) as Float32Array)], name).toEqual([...(await ours.read(name)).data]);
    }
    expect([...ours.tensors.keys()].filter((name) => !name.startsWith('moments.') && !back.tensors.has(name))).toEqual(
      [],
    );
    for (const tree of [state, fresh, loaded.state]) disposeTree(tree as unknown as TensorTree);
  });

  it('continues from a file with nothing but an encoder: the teacher starts as its copy', async () => {
    const state = randomState(plusPlus);
    const encoder = await asPytorch(await convertCheckpoint(await stateFile(state), 'm2d', { encoderOnly: true }));
    expect(recognise(encoder).family).toBe('M2D encoder');
    const fresh = initMatpac(plusPlus, 7);
    const loaded = await loadState(encoder, fresh);
    expect(loaded.loaded).toEqual(['student.patch_embed', 'student.cls_token', 'student.encoder']);
    expect(await numbersOf(loaded.state.teacher.encoder)).toEqual(await numbersOf(state.student.encoder));
    expect(await numbersOf(loaded.state.student.predictor)).toEqual(await numbersOf(fresh.student.predictor));
    for (const tree of [state, fresh, loaded.state]) disposeTree(tree as unknown as TensorTree);
  });

  it('of another size, or with a part of a part, is refused by name', async () => {
    const state = randomState(plusPlus);
    const ours = await stateFile(state);
    const wide = initMatpac({ ...plusPlus, model: { ...model, head: { ...model.head, pseudoClasses: 15 } } }, 1);
    await expect(loadState(ours, wide)).rejects.toThrow(
      /a\.safetensors \(audio-ssl training checkpoint\): student\.head\.last_layer\.weight_g makes .* \[14,1\], the options make it \[15,1\]/,
    );
    const deep = initMatpac({ ...plusPlus, model: { ...model, encoder: { ...model.encoder, depth: 3 } } }, 1);
    const tensors = tf.memory().numTensors;
    await expect(loadState(ours, deep)).rejects.toThrow(/of student\.encoder only some is there/);
    expect(tf.memory().numTensors).toBe(tensors);
    for (const tree of [state, wide, deep]) disposeTree(tree as unknown as TensorTree);
  });

  const reference = sharedFolder('reference');
  it.skipIf(!reference).each(['matpac-tiny', 'matpac-plusplus-tiny'])('of the recorded run %s loads', async (name) => {
    const { tensors } = readSafetensors(await readFile(join(reference!, name, 'tensors.safetensors')));
    const renamed: Entries = new Map();
    for (const [key, value] of tensors) {
      const [part, rest = ''] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
      if (part === 'final') renamed.set(`model.${rest === 'center' ? 'cls_head_loss.center' : rest}`, value);
      else if (part === 'final_teacher')
        renamed.set(`model.${rest.replace(/^encoder/, '_ema').replace(/^cls_head/, '_cls_head_ema')}`, value);
    }
    const run = JSON.parse(await readFile(join(reference!, name, 'run.json'), 'utf8')) as {
      config: Record<string, number>;
    };
    const { embed, depth, heads, dec, dec_depth, dec_heads, head_out, head_hidden } = run.config as Record<
      string,
      number
    >;
    const { prediction, ...rest } = name.includes('plusplus') ? variants.matpacPlusPlus : variants.matpac;
    const options: MatpacOptions = {
      ...{ ...rest, prediction },
      model: {
        ...{ bins: 80, patch: [16, 16], encoder: { embedDim: embed!, depth: depth!, numHeads: heads! } },
        predictor: { embedDim: dec!, depth: dec_depth!, numHeads: dec_heads! },
        head: { hiddenDim: head_hidden!, bottleneckDim: 256, pseudoClasses: head_out! },
      },
    };
    const file = await fileOf(renamed);
    const fresh = initMatpac(options, 1);
    const loaded = await loadState(file, fresh);
    expect(loaded.fresh).toEqual(['moments']);
    // MATPAC++ has a projection that it does not use: it stays in the file.
    expect(loaded.leftOver.every((left) => left.includes('decoder_pred'))).toBe(true);
    expect([...(await loaded.state.center!.data())]).toEqual([...tensors.get('final/center')!.data]);
    const qkv = loaded.state.teacher.encoder.blocks[0]!.attn.qkv.kernel;
    const recorded = tensors.get('final_teacher/encoder.blocks.0.attn.qkv.weight')!;
    const back = tf.tidy(() => tf.transpose(qkv));
    expect([back.shape, [...(await back.data())]]).toEqual([recorded.shape, [...recorded.data]]);
    back.dispose();
    for (const tree of [fresh, loaded.state]) disposeTree(tree as unknown as TensorTree);
  });
});

/** An encoder file in the layout that the authors publish, `time` columns of positions. */
async function published(time: number, more: Entries = new Map()): Promise<Entries> {
  const [D, depth] = [16, 2];
  const entries: Entries = new Map([
    ['cls_token', noise(1, 1, D)],
    ['patch_embed.proj.weight', noise(D, 1, 16, 16)],
    ['patch_embed.proj.bias', noise(D)],
    ['student_encoder.norm.weight', noise(D)],
    ['student_encoder.norm.bias', noise(D)],
  ]);
  const positions = sinCosPositions({ freq: 5, time }, D);
  entries.set(
    'pos_embed',
    entry([1, 5 * time + 1, D], Float32Array.from([...new Float32Array(D), ...(await positions.data())])),
  );
  positions.dispose();
  for (let i = 0; i < depth; i++) {
    const block = `student_encoder.blocks.${i}`;
    for (const norm of ['norm1', 'norm2'])
      for (const leaf of ['weight', 'bias']) entries.set(`${block}.${norm}.${leaf}`, noise(D));
    for (const [name, rows, columns] of [
      ['attn.qkv', 3 * D, D],
      ['attn.proj', D, D],
      ['mlp.fc1', 4 * D, D],
      ['mlp.fc2', D, 4 * D],
    ] as const) {
      entries.set(`${block}.${name}.weight`, noise(rows, columns));
      entries.set(`${block}.${name}.bias`, noise(rows));
    }
  }
  return new Map([...entries, ...more]);
}

const wave = Float32Array.from({ length: 20_000 }, () => random() - 0.5);

/** The features that the model in a file gives to a sound. */
async function features(
  file: TensorFile,
  options: Parameters<typeof loadModel>[1] = { numHeads: 4 },
): Promise<number[]> {
  const loaded = await loadModel(file, options);
  const { data } = await createExtractor(loaded.weights, loaded.settings)(wave);
  loaded.dispose();
  return [...data];
}

describe('an encoder', () => {
  it('is recognised from its contents, with its sizes, however deep it lies', async () => {
    const entries = await published(38);
    for (const prefix of ['', 'model.', 'state_dict.module.']) {
      const file = await fileOf(new Map([...entries].map(([name, value]) => [prefix + name, value])));
      expect(recognise(file)).toMatchObject({
        ...{ naming: 'matpac', family: 'MATPAC encoder', leftOver: [] },
        encoder: { embedDim: 16, depth: 2, hiddenDim: 64, patch: [16, 16], grid: { freq: 5, time: 38 } },
      });
    }
    const finetuned = new Map<string, SafetensorsEntry>([
      ['head_norm.running_mean', noise(16)],
      ['head_norm.running_var', noise(16)],
      ['head_norm.num_batches_tracked', noise()],
      ['head.weight', noise(527, 16)],
      ['head.bias', noise(527)],
    ]);
    const file = await fileOf(await published(62, finetuned));
    expect(recognise(file)).toMatchObject({
      family: 'MATPAC encoder with a 527-way class head',
      encoder: { grid: { time: 62 } },
    });
    const loaded = await loadModel(file, { numHeads: 4 });
    expect(loaded.settings).toMatchObject({
      chunkFrames: 992,
      numHeads: 4,
      patch: [16, 16],
      standardization: { mean: -7.056, std: 4.193 },
    });
    expect(loaded.head).toMatchObject({ classes: 527, dims: 16 });
    loaded.dispose();
  });

  it('gives the same features under all names, as PyTorch checkpoint and as safetensors', async () => {
    const matpac = await published(38);
    const m2d = new Map([...matpac].map(([name, value]) => [name.replace('student_encoder.', ''), value]));
    const told = { mean: '-6.5', std: '3.5' };
    const sources = {
      MATPAC: await fileOf(matpac),
      M2D: await fileOf(m2d),
      'M2D with statistics': await fileOf(new Map([...m2d, ['norm_stats', entry([2], Float32Array.of(-6, 3))]])),
      ours: await asSafetensors(await convertCheckpoint(await fileOf(matpac, told), 'audio-ssl', { numHeads: 4 })),
    };
    const known = new Set<string>();
    for (const [what, file] of Object.entries(sources)) {
      const expected = await features(file);
      known.add(expected.join());
      const before = tf.memory().numTensors;
      for (const naming of ['audio-ssl', 'matpac', 'm2d'] as const) {
        const conversion = await convertCheckpoint(file, naming, { numHeads: 4 });
        expect(conversion.rows.filter(({ what: row }) => row === 'missing' || row === 'left over')).toEqual([]);
        for (const written of [await asPytorch(conversion), await asSafetensors(conversion)]) {
          expect(await features(written, {}), `${what} as ${naming}, ${written.format}`).toEqual(expected);
          const again = await asSafetensors(await convertCheckpoint(written, 'matpac'));
          expect(await features(again, {}), `${what} as ${naming} and back`).toEqual(expected);
          for (const name of matpac.keys())
            expect([...(await again.read(name)).data], name).toEqual([...matpac.get(name)!.data]);
        }
      }
      expect(tf.memory().numTensors).toBe(before);
    }
    expect(known.size).toBe(4); // each has its own front end or statistics
    // M2D's code looks for them in a tensor.
    const { tensors } = await convertCheckpoint(sources.ours, 'm2d');
    expect([...((await tensors.get('norm_stats')!.data()) as Float32Array)]).toEqual([-6.5, 3.5]);
  });

  it('takes the positions of its file, that of the class token too', async () => {
    const entries = await published(38);
    const plain = await features(await fileOf(entries));
    const moved = new Map(entries);
    const table = Float32Array.from(entries.get('pos_embed')!.data);
    table[0]! += 1; // the class token's
    moved.set('pos_embed', entry([1, 191, 16], table));
    const shifted = await features(await fileOf(moved));
    expect(shifted).not.toEqual(plain);
    const token = Float32Array.from(entries.get('cls_token')!.data);
    token[0]! += 1;
    expect(await features(await fileOf(new Map([...entries, ['cls_token', entry([1, 1, 16], token)]])))).toEqual(
      shifted,
    );
    table[16 + 5 * 16]! += 1; // column 5 of the lowest row
    table[0]! -= 1;
    expect(await features(await fileOf(new Map([...entries, ['pos_embed', entry([1, 191, 16], table)]])))).not.toEqual(
      plain,
    );
  });

  it('of M2D has M2D’s front end and statistics, its fine-tuned ones their head', async () => {
    const renamed = new Map(
      [...(await published(38))].map(([name, value]) => [name.replace('student_encoder.', ''), value]),
    );
    const file = await fileOf(renamed);
    expect(recognise(file).family).toBe('M2D encoder');
    const loaded = await loadModel(file, { numHeads: 4 });
    expect(loaded.settings).toMatchObject({ standardization: { mean: -7.1, std: 4.2 }, logMel: { center: true } });
    loaded.dispose();
    const tuned = new Map([...renamed].map(([name, value]) => [`module.ar.runtime.backbone.${name}`, value]));
    tuned.set('module.ar.runtime.backbone.norm_stats', entry([2], new Float32Array([-6, 3])));
    tuned.set('module.head.norm.running_mean', noise(80));
    tuned.set('module.head.norm.running_var', noise(80));
    tuned.set('module.head.mlp.mlp.0.weight', noise(50, 80));
    tuned.set('module.head.mlp.mlp.0.bias', noise(50));
    const other = await loadModel(await fileOf(tuned), { numHeads: 4 });
    expect(other).toMatchObject({ family: 'M2D encoder with a 50-way class head', head: { classes: 50, dims: 80 } });
    expect(other.settings.standardization).toEqual({ mean: -6, std: 3 });
    other.dispose();
  });

  it('that is damaged, or unknown, is refused and leaves no tensor behind', async () => {
    const entries = await published(38);
    const before = tf.memory().numTensors;
    const without = (name: string): Entries => new Map([...entries].filter(([other]) => other !== name));
    await expect(features(await fileOf(without('student_encoder.blocks.1.mlp.fc2.bias')))).rejects.toThrow(
      "loadModel: a.safetensors (MATPAC encoder, 16 wide, 2 blocks): 'encoder.blocks.1.mlp.fc2.bias' is missing",
    );
    const wrong = new Map([...entries, ['student_encoder.norm.weight', noise(17)]]);
    await expect(features(await fileOf(wrong))).rejects.toThrow("'encoder.norm.weight' is [17], expected [16]");
    await expect(features(await fileOf(new Map([['conv1.weight', noise(3)]])))).rejects.toThrow(
      /expected an encoder .* got tensors such as conv1\.weight/,
    );
    await expect(features(await fileOf(entries), {})).rejects.toThrow(
      /an encoder 16 wide is not one of the published ones.*give `numHeads`/,
    );
    await expect(features(await fileOf(entries), { numHeads: 5 })).rejects.toThrow(/5 attention heads do not divide/);
    await expect(features(await fileOf(entries), { network: 'teacher', numHeads: 4 })).rejects.toThrow(
      /has no teacher/,
    );
    const far = new Map([...entries, ['student_encoder.blocks.99999999.norm1.bias', noise(16)]]);
    await expect(features(await fileOf(far))).rejects.toThrow('the encoder has 3 blocks, and one is number 99999999');
    const ours = await asSafetensors(await convertCheckpoint(await fileOf(entries), 'audio-ssl'));
    await expect(features(ours, {})).rejects.toThrow(/weights of ours without numHeads in their metadata/);
    const odd = new Map([...entries, ['pos_embed', noise(1, 190, 16)]]);
    await expect(features(await fileOf(odd))).rejects.toThrow(/do not make a grid over 80 mel bins/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('may be the teacher’s', async () => {
    const state = randomState(plusPlus);
    const file = await asPytorch(await convertCheckpoint(await stateFile(state), 'matpac'));
    const teacher = await loadModel(file, { network: 'teacher', numHeads: 4 });
    expect(await numbersOf(teacher.weights.encoder)).toEqual(await numbersOf(state.teacher.encoder));
    expect(await numbersOf(teacher.weights.patch_embed)).toEqual(await numbersOf(state.student.patch_embed));
    expect(await features(file, { numHeads: 4 })).not.toEqual(
      await features(file, { network: 'teacher', numHeads: 4 }),
    );
    teacher.dispose();
    disposeTree(state as unknown as TensorTree);
  });
});
