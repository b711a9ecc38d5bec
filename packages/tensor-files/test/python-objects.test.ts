import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { byteSource, openTensors, type TensorFile } from '../src/index.js';
import { checkpoint, pickle, type Op } from './pickles.js';

const { global, string, int, tuple, dict, call, build, storage, tensor } = pickle;
/** What Python's pickle module makes of objects that people keep beside weights, by protocol. */
const objects = JSON.parse(await readFile(join(import.meta.dirname, 'fixtures', 'objects.json'), 'utf8')) as Record<
  string,
  Record<string, string>
>;
const weight = tensor(storage('F', '0', 4), 0, [2, 2], [2, 1]);

const open = (root: Op, legacy = false): Promise<TensorFile> =>
  openTensors(byteSource(checkpoint(root, { legacy }), 'objects.pt'));
/** A checkpoint with an object before its weights, where what the object leaves behind could do them harm. */
const beside = (object: Op): Op => dict([string('object'), object], [string('w'), weight]);

describe('objects of Python beside the weights', () => {
  it.each(Object.keys(objects))('are left out, and the weights read: %s', async (name) => {
    for (const [protocol, body] of Object.entries(objects[name]!)) {
      for (const legacy of [false, true]) {
        const file = await open(beside([...Buffer.from(body, 'base64')]), legacy);
        expect([...file.tensors.keys()], protocol).toEqual(['w']);
        expect([...(await file.read('w')).data]).toEqual([0, 0, 0, 0]);
        for (const what of file.leftOut.values()) expect(what, protocol).toMatch(/^[\w.]+$/);
      }
    }
  });

  it('are told by where they are and the names of their classes', async () => {
    const leftOut = async (name: string, protocol: string): Promise<object> =>
      Object.fromEntries((await open(beside([...Buffer.from(objects[name]![protocol]!, 'base64')]))).leftOut);
    expect(await leftOut('enum', '5')).toEqual({ object: '__main__.Colour' });
    expect(await leftOut('dataclass', '2')).toEqual({ object: '__main__.Settings' });
    expect(await leftOut('numpy array', '4')).toEqual({ object: 'numpy.ndarray' });
    expect(await leftOut('omegaconf', '2')).toEqual({ object: 'omegaconf.dictconfig.DictConfig' });
    expect(await leftOut('arguments', '2')).toEqual({ 'object.path': 'pathlib.PosixPath' });
    expect(await leftOut('big', '2')).toEqual({});
  });

  it('that are mappings and lists show the tensors and values in them', async () => {
    const made = (name: string): Op => [...global('own.module', name), 0x29, 0x81]; // NEWOBJ
    const mapping: Op = [...made('Config'), 0x28, ...string('w'), ...weight, ...string('rate'), ...int(3), 0x75];
    const list: Op = [...made('Parts'), 0x28, ...weight, ...mapping, 0x65];
    const file = await open(dict([string('model'), mapping], [string('parts'), list]));
    expect([...file.tensors.keys()]).toEqual(['model.w', 'parts.0', 'parts.1.w']);
    expect([...file.values]).toEqual([
      ['model.rate', 3],
      ['parts.1.rate', 3],
    ]);
    expect(file.leftOut.size).toBe(0);
  });

  it('with tensors in them are named; a file of nothing else is refused', async () => {
    const layer: Op = build([...global('torch.nn.modules.linear', 'Linear'), 0x29, 0x81], dict([string('w'), weight]));
    expect(Object.fromEntries((await open(dict([string('m'), layer], [string('w'), weight]))).leftOut)).toEqual({
      m: 'torch.nn.modules.linear.Linear with tensors in it',
    });
    await expect(open(dict([string('model'), layer]))).rejects.toThrow(
      "objects.pt: it holds objects of Python ('torch.nn.modules.linear.Linear with tensors in it') instead of tensors by name; nothing of it was run",
    );
  });

  it('are refused where they would make tensors in a way that is not known', async () => {
    const parts = [storage('F', '0', 4), int(0), tuple(int(4)), tuple(int(1))];
    for (const maker of [
      call(global('torch._utils', '_rebuild_qtensor'), tuple(...parts)),
      call(global('torch._utils', '_rebuild_sparse_tensor'), tuple(int(1), tuple(weight, weight))),
      call(global('torch._tensor', '_rebuild_from_type_v2'), tuple()),
      call(global('torch._utils', '_rebuild_meta_tensor_no_storage'), tuple()),
      call(global('own.module', 'dequantize'), tuple(weight, int(2))),
      call(global('own.module', 'from_storage'), tuple(...parts)),
      call(global('own.module', 'rebuild'), tuple(global('torch._utils', '_rebuild_tensor_v2'), tuple(...parts))),
    ]) {
      await expect(open(beside(maker))).rejects.toThrow(
        /objects\.pt: its pickle makes a tensor with '[\w.]+', which is not known here; nothing of it was run/,
      );
    }
  });

  it('are refused where they negate a tensor as it is read', async () => {
    const view = (version: string, ...more: Op[]): Op =>
      call(
        global('torch._utils', version),
        tuple(storage('F', '0', 4), int(0), tuple(int(4)), tuple(int(1)), [0x89], tuple(), ...more),
      );
    const flags = (isSet: boolean): Op => dict([string('conj'), [0x89]], [string('neg'), [isSet ? 0x88 : 0x89]]);
    for (const make of [
      (isSet: boolean) => view('_rebuild_tensor_v2', flags(isSet)),
      (isSet: boolean) => view('_rebuild_tensor_v3', global('torch', 'float32'), flags(isSet)),
    ]) {
      expect((await open(beside(make(false)))).tensors.has('object')).toBe(true);
      await expect(open(beside(make(true)))).rejects.toThrow(/makes a tensor with '_rebuild_tensor_v\d \(neg\)'/);
    }
  });

  it('may state element types that nobody reads', async () => {
    const typed = (type: string): Op =>
      call(
        global('torch._utils', '_rebuild_tensor_v3'),
        tuple(
          [
            ...tuple(string('storage'), global('torch.storage', 'UntypedStorage'), string('0'), string('cpu'), int(16)),
            0x51,
          ],
          ...[int(0), tuple(int(4)), tuple(int(1)), [0x89] as const, tuple(), global('torch', type)],
        ),
      );
    const file = await open(dict([string('f8'), typed('float8_e5m2')], [string('odd'), typed('float6_of_2030')]));
    expect(file.tensors.get('f8')).toEqual({ dtype: 'F8_E5M2', shape: [4] });
    expect([...(await file.read('f8')).data]).toEqual([0, 0, 0, 0]);
    expect(file.tensors.get('odd')).toEqual({ dtype: 'torch.float6_of_2030', shape: [4] });
    await expect(file.read('odd')).rejects.toThrow("objects.pt: 'odd' has element type torch.float6_of_2030");
  });
});
