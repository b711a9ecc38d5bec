import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sharedFolder } from '@audio-ssl/testing';
import { zipSync } from 'fflate';
import { describe, expect, it, vi } from 'vitest';
import { byteSource, openTensors, pytorchChunks, type PendingTensor } from '../src/index.js';
import { openFile } from '../src/node.js';
import { checkpoint, pickle, type Op } from './pickles.js';

const fixtures = join(import.meta.dirname, 'fixtures');
const recorded = JSON.parse(await readFile(join(fixtures, 'checkpoints.json'), 'utf8')) as Record<
  string,
  Record<string, { shape: number[]; data: (number | string)[] }>
>;

/** Every number of a fixture as a 32-bit float, or as it is. */
const numbers = (data: readonly (number | string)[], float: boolean): number[] =>
  data
    .map((value) => Number(typeof value === 'string' ? value.replace('inf', 'Infinity') : value))
    .map((value) => (float ? Math.fround(value) : value));

describe.each(['.pt', '-legacy.pth'])('checkpoints of torch.save, *%s', (end) => {
  it.each(['types', 'views', 'nested'])('hold what PyTorch put in: %s', async (name) => {
    const file = await openTensors(await openFile(join(fixtures, `${name}${end}`)));
    try {
      expect(file.format).toBe(end === '.pt' ? 'PyTorch' : 'PyTorch (legacy)');
      expect([...file.tensors.keys()].sort()).toEqual(Object.keys(recorded[name]!).sort());
      for (const [path, { shape, data }] of Object.entries(recorded[name]!)) {
        expect(file.tensors.get(path)!.shape, path).toEqual(shape);
        const entry = await file.read(path);
        expect(entry.shape, path).toEqual(shape);
        expect([...entry.data], path).toEqual(numbers(data, entry.dtype === 'F32'));
      }
    } finally {
      await file.close();
    }
  });

  it('tell element types and plain values', async () => {
    const types = await openTensors(byteSource(await readFile(join(fixtures, `types${end}`)), 'types'));
    expect(Object.fromEntries([...types.tensors].map(([name, { dtype }]) => [name, dtype]))).toMatchObject({
      ...{ float64: 'F64', float32: 'F32', float16: 'F16', bfloat16: 'BF16', bool: 'BOOL' },
      ...{ int64: 'I64', int32: 'I32', int16: 'I16', int8: 'I8', uint8: 'U8' },
    });
    const nested = await openTensors(byteSource(await readFile(join(fixtures, `nested${end}`))));
    expect(Object.fromEntries(nested.values)).toEqual({
      ...{ 'args.lr': 0.5, 'args.name': 'run', 'args.deep.0': 1, 'args.deep.1': 2, epoch: 3, 'size.0': 1, 'size.1': 2 },
    });
  });
});

describe.skipIf(!sharedFolder('reference/inference'))('the recorded checkpoints', () => {
  const folder = sharedFolder('reference/inference') ?? '';
  it('load, all of them, and hold the same numbers in every serialisation', async () => {
    const read = async (name: string): Promise<Map<string, Float32Array | Int32Array>> => {
      const file = await openTensors(await openFile(join(folder, name)));
      const values = new Map<string, Float32Array | Int32Array>();
      for (const path of file.tensors.keys()) values.set(path.replace('model.', ''), (await file.read(path)).data);
      await file.close();
      return values;
    };
    const names = (await readdir(folder)).filter((name) => /\.pth?$/.test(name));
    expect(names.length).toBeGreaterThan(3);
    for (const name of names) expect((await read(name)).size, name).toBeGreaterThan(40);
    const zip = await read('tiny_encoder.pt');
    const legacy = await read('tiny_encoder_legacy.pth');
    expect([...legacy.keys()]).toEqual([...zip.keys()]);
    for (const [path, values] of legacy)
      expect(Buffer.from(values.buffer).equals(Buffer.from(zip.get(path)!.buffer)), path).toBe(true);
    const half = await read('tiny_encoder_nested_fp16.pt');
    for (const [path, values] of half) {
      const exact = zip.get(path)!;
      let worst = 0;
      values.forEach((value, i) => {
        worst = Math.max(worst, Math.abs(value - exact[i]!) - 2 ** -11 * Math.abs(value));
      });
      expect(worst, path).toBeLessThanOrEqual(2 ** -25); // half a unit in the last place, or half the smallest number
    }
  });
});

/** The error that opening bytes and reading every tensor ends in. */
async function refusal(bytes: Uint8Array): Promise<string> {
  try {
    const file = await openTensors(byteSource(bytes, 'evil.pt'));
    for (const name of file.tensors.keys()) await file.read(name);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
}

const { global, string, int, tuple, dict, call, build, storage, tensor, raw } = pickle;

/** An operation again and again, after others. */
const many = (count: number, op: Op, before: Op = []): Op => [
  ...before,
  ...Array.from({ length: count }, () => op).flat(),
];

describe('a hostile pickle', () => {
  it.each<[string, Op, RegExp]>([
    [
      'os.system',
      call(global('os', 'system'), tuple(string('echo hacked > /tmp/x'))),
      /would have Python call 'os\.system', which no weights need; nothing of it was run/,
    ],
    ['posix.system', call(global('posix', 'system'), tuple(string('id'))), /'posix\.system'/],
    ['builtins.eval', call(global('builtins', 'eval'), tuple(string('1'))), /'builtins\.eval'/],
    [
      '__builtin__.getattr',
      call(global('__builtin__', 'getattr'), tuple(string('a'), string('b'))),
      /'__builtin__\.getattr'/,
    ],
    ['torch.load itself', call(global('torch', 'load'), tuple(string('x'))), /'torch\.load'/],
    ['names of JavaScript', call(global('constructor', 'constructor'), tuple()), /'constructor\.constructor'/],
    ['names of JavaScript in torch', global('torch', '__proto__'), /'torch\.__proto__'/],
    ['names of JavaScript in torch._utils', global('torch._utils', 'constructor'), /'torch\._utils\.constructor'/],
    [
      'a whole module',
      call(global('torch.nn.modules.linear', 'Linear'), tuple()),
      /'torch\.nn\.modules\.linear\.Linear'/,
    ],
    [
      'a numpy array',
      call(global('numpy.core.multiarray', '_reconstruct'), tuple()),
      /'numpy\.core\.multiarray\._reconstruct'/,
    ],
    ['a call of a string', call(string('os'), tuple()), /calls something other than a function/],
    ['a call without a tuple', call(global('collections', 'OrderedDict'), int(1)), /without a tuple/],
    ['the state of a tensor', build(tensor(storage('F', '0', 4), 0, [4], [1]), dict()), /sets the state of an object/],
    ['INST, an old way to call', raw(0x28, ...new TextEncoder().encode('ios\nsystem\n')), /operation 0x69 \('i'\)/],
    ['an extension code', raw(0x82, 1), /operation 0x82/],
    ['a Python 0 text integer', raw(0x49, 0x31, 0x0a), /operation 0x49/],
    ['a persistent id that is not a storage', raw(...string('x'), 0x51), /refers to something other than a storage/],
    [
      'a tensor beyond its storage',
      tensor(storage('F', '0', 4), 2, [3], [1]),
      /reaches beyond its storage \(element 5 of 4/,
    ],
    ['strides beyond its storage', tensor(storage('F', '0', 4), 0, [2, 2], [1, 2 ** 30]), /reaches beyond its storage/],
    ['a negative offset', tensor(storage('F', '0', 4), -1, [1], [1]), /no valid offset, shape and stride/],
    ['a negative stride', tensor(storage('F', '0', 4), 3, [4], [-1]), /no valid offset, shape and stride/],
    ['a shape of 2^62', tensor(storage('F', '0', 4), 0, [2 ** 31 - 1, 2 ** 31 - 1], [0, 0]), /is too large/],
    [
      'a view of 2 billion elements',
      tensor(storage('F', '0', 4), 0, [2 ** 31 - 1], [0]),
      /has? ?2147483647 elements|far beyond the \d+ bytes/,
    ],
    [
      'a storage larger than the file',
      tensor(storage('F', '0', 2 ** 31 - 1), 0, [4], [1]),
      /storage 0 should have 8589934588 bytes, it has 16/,
    ],
    [
      'a storage that is missing',
      tensor(storage('F', '../../etc/passwd', 4), 0, [4], [1]),
      /storage \.\.\/\.\.\/etc\/passwd should have 16 bytes, it is missing/,
    ],
    [
      'a storage of two types',
      tuple(tensor(storage('F', '0', 4), 0, [4], [1]), tensor(storage('I', '0', 4), 0, [4], [1])),
      /describes storage 0 in two ways/,
    ],
    [
      'more dimensions than anyone has',
      tensor(storage('F', '0', 4), 0, Array(65).fill(1), Array(65).fill(1)),
      /no valid offset/,
    ],
    ['an integer of 300 bytes', raw(0x8b, 44, 1, 0, 0, ...Array(300).fill(1)), /integer of 300 bytes/],
    ['a string of 4 GB', raw(0x58, 255, 255, 255, 255), /ends in the middle/],
    ['a string of 2^63 bytes', raw(0x8d, ...Array(8).fill(255)), /ends in the middle/],
    ['an empty stack', raw(0x52), /takes more from its stack/],
    ['a mark as a value', raw(0x28, 0x85), /takes more from its stack/],
    ['a memo never made', raw(0x68, 7), /recalls memo 7/],
    ['broken UTF-8', raw(0x58, 2, 0, 0, 0, 0xff, 0xfe), /not UTF-8/],
    ['a protocol of the future', raw(0x80, 9), /protocol 9/],
  ])('%s is refused by name', async (_, value, message) => {
    expect(await refusal(checkpoint(value))).toMatch(message);
    expect(await refusal(checkpoint(dict([string('w'), value])))).toMatch(message);
    expect(await refusal(checkpoint(value, { legacy: true }))).toMatch(/^openTensors: evil\.pt: /);
    expect(await refusal(checkpoint(value))).toMatch(/^(openTensors|read): evil\.pt: /);
  });

  it('that goes in circles or explodes ends in an error, soon', { timeout: 240_000 }, async () => {
    const began = performance.now();
    // d = {}; d['d'] = d
    expect(await refusal(checkpoint(raw(0x7d, 0x71, 0, ...string('d'), 0x68, 0, 0x73)))).toMatch(
      /nested more than 64 deep/,
    );
    // l = []; each next list holds the last one a hundred times: 100^20 leaves
    const levels = Array.from({ length: 20 }, (_, i) => [0x71, i, 0x30, 0x5d, 0x28, ...many(100, [0x68, i]), 0x65]);
    expect(await refusal(checkpoint(raw(0x5d, ...levels.flat())))).toMatch(/more than 1048576 entries/);
    // Tuples nested a million deep; as many marks; as many lists; a namespace that takes a long state again and again.
    expect(await refusal(checkpoint(many(1e6, [0x85], [0x29])))).toMatch(/nested more than 64 deep/);
    expect(await refusal(checkpoint(many(1e6, [0x28])))).toMatch(/takes more from its stack/);
    expect(await refusal(checkpoint(many(3e6, [0x5d])))).toMatch(/more than 2097152 operations/);
    const state = dict(...Array.from({ length: 10_000 }, (_, i): [Op, Op] => [int(i), int(i)]));
    const start = [...state, 0x71, 0, 0x30, ...global('argparse', 'Namespace'), 0x29, 0x52];
    const swelling = many(500_000, [0x68, 0, 0x62], start);
    expect(await refusal(checkpoint(swelling))).toBe('nothing was refused');
    // Many tensors that each repeat one element a million times.
    const views = Array.from({ length: 40 }, (_, i): [Op, Op] => [int(i), tensor(storage('F', '0', 4), 0, [1e6], [0])]);
    expect(await refusal(checkpoint(dict(...views)))).toMatch(/far beyond the \d+ bytes of the file/);
    expect(performance.now() - began).toBeLessThan(60_000); // a slow, busy machine; about one second otherwise
  });
});

/** Operations of any number one after the other; `many` would need an array of all of them. */
const bytesOf = (...parts: readonly (Op | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => Uint8Array.from(part)));
const times = (count: number, op: Op): Uint8Array => Buffer.alloc(count * op.length, Uint8Array.from(op));

describe('a small hostile file is refused soon', { timeout: 240_000 }, () => {
  const soon = async (bytes: Uint8Array, message: RegExp): Promise<void> => {
    const began = performance.now();
    expect(await refusal(bytes)).toMatch(message);
    expect(performance.now() - began).toBeLessThan(60_000); // a busy machine; less than a second otherwise
  };

  it('with a dictionary of one key many times, found many times', async () => {
    // Built again at every visit, it would take 300 000 * 500 000 steps.
    const dictionary = [Uint8Array.from([0x7d, 0x71, 0, 0x28]), times(300_000, [0x4e, 0x4e]), [0x75, 0x30]] as const;
    await soon(
      checkpoint(bytesOf(...dictionary, [0x5d, 0x28], times(500_000, [0x68, 0]), [0x65])),
      /more than 1048576 entries/,
    );
  });

  it('with names that are long, or long in all', async () => {
    const list = (count: number): Uint8Array => bytesOf([0x5d, 0x28], times(count, [0x4b, 1]), [0x65]);
    const under = (key: string, value: Uint8Array): Uint8Array => bytesOf([0x7d], string(key), value, [0x73]);
    await soon(checkpoint(under('k'.repeat(1e6), list(1000))), /a name of 1000000 characters/);
    await soon(
      checkpoint(under('k'.repeat(250), under('l'.repeat(250), under('m'.repeat(250), list(1))))),
      /a name of 752 /,
    );
    await soon(checkpoint(under('k'.repeat(250), list(900_000))), /too many long ones/);
  });

  it('with small views of large storages', async () => {
    const size = 2 ** 22; // elements of each of two storages
    const file = (views: readonly Op[]): Uint8Array => {
      const items = views.map((view, i) => bytesOf(int(i), view));
      return zipSync(
        {
          'a/data.pkl': bytesOf([0x80, 2, 0x7d, 0x28], ...items, [0x75, 0x2e]),
          'a/data/0': new Uint8Array(4 * size),
          'a/data/1': new Uint8Array(4 * size),
        },
        { level: 0 },
      );
    };
    const view = (i: number, shape: number[], stride: number[]): Op =>
      tensor(storage('F', String(i % 2), size), 0, shape, stride);
    // In turn of one and the other: 64 GB if each read its whole storage.
    const tiny = file(Array.from({ length: 4000 }, (_, i) => view(i, [1], [1])));
    let read = 0;
    const source = byteSource(tiny, 'evil.pt');
    const counted = { ...source, read: (at: number, length: number) => ((read += length), source.read(at, length)) };
    const opened = await openTensors(counted);
    for (const name of opened.tensors.keys()) await opened.read(name);
    expect(read).toBeLessThan(2 ** 22);
    // Two elements each, one at either end.
    await soon(
      file(Array.from({ length: 4000 }, (_, i) => view(i, [2], [size - 1]))),
      /look at \d+ bytes or more, far beyond/,
    );
  });
});

describe('a hostile zip', () => {
  const good = (): Record<string, Uint8Array> => ({
    'a/data.pkl': Uint8Array.from([0x80, 2, ...tensor(storage('F', '0', 4), 0, [4], [1]), 0x2e]),
    'a/data/0': new Uint8Array(16),
    'a/version': new TextEncoder().encode('3\n'),
  });
  const stored = (files: Record<string, Uint8Array>): Uint8Array => zipSync(files, { level: 0 });

  it('is refused by name', async () => {
    expect(await refusal(stored(good()))).toBe('nothing was refused');
    expect(await refusal(stored({ 'readme.txt': new Uint8Array(3) }))).toMatch(
      /no data\.pkl \(it has readme\.txt\), so it is not a PyTorch checkpoint$/,
    );
    expect(
      await refusal(stored({ 'probes/esc50/esc50.pth': new Uint8Array(3), 'readme.txt': new Uint8Array(3) })),
    ).toBe(
      'openTensors: evil.pt: it is an archive of checkpoints (probes/esc50/esc50.pth); unpack it and give one of them',
    );
    expect(await refusal(stored({ ...good(), 'b/data.pkl': new Uint8Array(3) }))).toMatch(/more than one data\.pkl/);
    expect(await refusal(stored({ ...good(), 'a/constants.pkl': new Uint8Array(3) }))).toMatch(/TorchScript/);
    expect(await refusal(stored({ ...good(), 'a/byteorder': new TextEncoder().encode('big') }))).toMatch(
      /byte order is 'big'/,
    );
    // A deflated bomb: 64 MB of zeros in 64 kB.
    const bomb = zipSync({ ...good(), 'a/data/0': new Uint8Array(64e6) }, { level: 9 });
    expect(await refusal(bomb)).toMatch(/compressed, which torch\.save never does/);
    // Paths out of the archive are never opened: they are only names.
    const outside = {
      ...good(),
      '../../evil': new Uint8Array(3),
      '/etc/passwd': new Uint8Array(3),
      'C:\\x': new Uint8Array(3),
    };
    expect(await refusal(stored(outside))).toBe('nothing was refused');
  });

  /** Changes fields of the entry of `path` in the central directory. */
  const patched = (path: string, change: (view: DataView, at: number) => void): Uint8Array => {
    const bytes = stored(good());
    const view = new DataView(bytes.buffer);
    const name = new TextEncoder().encode(path);
    for (let at = 0; at + 46 < bytes.length; at++) {
      if (view.getUint32(at, true) === 0x02014b50 && name.every((byte, i) => bytes[at + 46 + i] === byte))
        change(view, at);
    }
    return bytes;
  };

  it('with lies in its directory is refused', async () => {
    const flag = (bits: number) => (view: DataView, at: number) => view.setUint16(at + 8, bits, true);
    expect(await refusal(patched('a/data/0', flag(1)))).toMatch(/encrypted|mismatch/);
    expect(await refusal(patched('a/data/0', flag(0x41)))).toMatch(/encryption/);
    const size = (bytes: number) => (view: DataView, at: number) => {
      view.setUint32(at + 20, bytes, true);
      view.setUint32(at + 24, bytes, true);
    };
    expect(await refusal(patched('a/data/0', size(0xfffffff0)))).toMatch(/^read: evil\.pt: .*overflows|expected/);
    expect(await refusal(patched('a/data/0', size(15)))).toMatch(/should have 16 bytes, it has 15/);
    expect(await refusal(patched('a/data/0', size(0xffffffff)))).toMatch(/zip64/);
    expect(await refusal(patched('a/data.pkl', size(0xfffffff0)))).toMatch(/more than the 33554432 allowed/);
    const offset = (at0: number) => (view: DataView, at: number) => view.setUint32(at + 42, at0, true);
    expect(await refusal(patched('a/data/0', offset(1e9)))).toMatch(/expected 30 bytes from 1000000000 on/);
    expect(await refusal(patched('a/data/0', offset(5)))).toMatch(/invalid local file header/);
    const bytes = stored(good());
    const end = bytes.length - 22;
    for (const [at, value, message] of [
      [10, 0xfffe, /central directory file header/], // more entries than there are
      [12, 0x7fffffff, /list of files in its zip has 2147483647 bytes|expected 2147483647 bytes/],
      [16, 0x7fffffff, /expected \d+ bytes from 2147483647 on/],
    ] as const) {
      const changed = bytes.slice();
      if (at === 10) new DataView(changed.buffer).setUint16(end + at, value, true);
      else new DataView(changed.buffer).setUint32(end + at, value, true);
      expect(await refusal(changed)).toMatch(message);
    }
  });

  it('may have entries that overlap: each is read by itself, and the sum of all is bounded', async () => {
    const second = tensor(storage('F', '1', 4), 0, [4], [1]);
    const files = {
      'a/data.pkl': Uint8Array.from([0x80, 2, ...tuple(tensor(storage('F', '0', 4), 0, [4], [1]), second), 0x2e]),
      'a/data/0': new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer),
      'a/data/1': new Uint8Array(16),
    };
    const bytes = stored(files);
    const view = new DataView(bytes.buffer);
    const headers = Array.from({ length: bytes.length - 46 }, (_, at) => at).filter(
      (at) => view.getUint32(at, true) === 0x02014b50,
    );
    view.setUint32(headers[2]! + 42, view.getUint32(headers[1]! + 42, true), true); // entry 1 points to where entry 0 is
    const file = await openTensors(byteSource(bytes));
    expect([...(await file.read('1')).data]).toEqual([1, 2, 3, 4]);
  });
});

/** The first of these programs that is a Python with PyTorch. */
async function withTorch(programs: readonly string[]): Promise<string | undefined> {
  for (const program of programs) {
    const found = await promisify(execFile)(program, ['-c', 'import torch']).catch(() => undefined);
    if (found) return program;
  }
  return undefined;
}

describe('pytorchChunks', () => {
  const pending = (shape: number[], values: number[], int = false): PendingTensor => ({
    dtype: int ? 'I32' : 'F32',
    shape,
    data: async () => (int ? Int32Array.from(values) : Float32Array.from(values)),
  });

  it('writes what openTensors reads', async () => {
    const tensors = new Map([
      ['model.a.weight', pending([2, 3], [1, 2, 3, 4, 5, 6])],
      ['model._ema.norm.weight', pending([2], [7, 8])],
      ['step', pending([], [9], true)],
      ['empty', pending([0, 4], [])],
    ]);
    const folder = await mkdtemp(join(tmpdir(), 'pytorch-'));
    try {
      const path = join(folder, 'a.pt');
      await writeFile(
        path,
        pytorchChunks(tensors, { dictionaries: ['model', 'model._ema'], metadata: { mean: '-7', std: '4' } }),
      );
      const file = await openTensors(await openFile(path));
      expect([...file.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
      expect(Object.fromEntries(file.values)).toEqual({ mean: '-7', std: '4' });
      for (const [name, { dtype, shape, data }] of tensors) {
        expect(await file.read(name)).toEqual({ dtype, shape, data: await data() });
      }
      await file.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('writes what PyTorch reads, where there is one', { timeout: 240_000 }, async ({ skip }) => {
    const cache = join(homedir(), '.cache', 'audio-ssl'); // where the benchmarks keep theirs
    const environments = (await readdir(cache).catch(() => [])).filter((name) => name.startsWith('bench-pytorch-'));
    const python = await withTorch([...environments.map((name) => join(cache, name, 'bin', 'python')), 'python3']);
    if (python === undefined) return skip('no Python with torch: PyTorch is not asked to read what we write');
    const folder = await mkdtemp(join(tmpdir(), 'pytorch-'));
    try {
      const path = join(folder, 'a.pt');
      const tensors = new Map([
        ['model.w', pending([2, 3], [1, 2, 3, 4, 5, 6])],
        ['model._ema.n', pending([2], [7, 8])],
        ['step', pending([], [9], true)],
      ]);
      await writeFile(
        path,
        pytorchChunks(tensors, { dictionaries: ['model', 'model._ema'], metadata: { mean: '-7' } }),
      );
      const script = `
import json, sys, torch
a = torch.load(sys.argv[1], weights_only=True)
plain = lambda x: {k: plain(v) for k, v in x.items()} if isinstance(x, dict) else x.tolist()
print(json.dumps([plain(a), a.audio_ssl, str(a['step'].dtype)]))`;
      const { stdout } = await promisify(execFile)(python, ['-c', script, path]);
      expect(JSON.parse(stdout)).toEqual([
        ...[
          {
            model: {
              w: [
                [1, 2, 3],
                [4, 5, 6],
              ],
              _ema: { n: [7, 8] },
            },
            step: 9,
          },
          { mean: '-7' },
          'torch.int32',
        ],
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('refuses data that does not fit its shape', async () => {
    const all = async (): Promise<void> => {
      for await (const chunk of pytorchChunks(new Map([['w', pending([3], [1, 2])]]))) expect(chunk).toBeDefined();
    };
    await expect(all()).rejects.toThrow("'w' of shape [3] needs 12 bytes, got 8");
  });
});

it('writes the same bytes at any time', async () => {
  const tensors = new Map<string, PendingTensor>([
    ['w', { dtype: 'F32', shape: [2], data: async () => Float32Array.of(1, 2) }],
  ]);
  const written: Buffer[] = [];
  try {
    for (const time of [0, 1e12]) {
      vi.setSystemTime(time);
      const chunks: Uint8Array[] = [];
      for await (const chunk of pytorchChunks(tensors, { metadata: { numHeads: '2' } })) chunks.push(chunk);
      written.push(Buffer.concat(chunks));
    }
  } finally {
    vi.useRealTimers();
  }
  expect(written[1]!.equals(written[0]!)).toBe(true);
});
