import { unzipRaw, type ZipEntry } from 'unzipit';
import type { ByteSource } from './byte-source.js';
import { clip } from './clip.js';
import {
  decodeElements,
  DIMENSION_LIMIT,
  elementSize,
  requireElementType,
  sizeOf,
  type ElementType,
} from './element-types.js';
import { describeZip } from './not-weights.js';
import { PyCallable, PyDict, PyList, PyOpaque, TruncatedPickleError, unpickle, type PickleWorld } from './pickle.js';
import { noSuchTensor, type SafetensorsEntry, type TensorFile, type TensorInfo } from './tensor-file.js';

/** A run of elements in the file that one or more tensors look at. */
interface Storage {
  readonly dtype: string;
  readonly key: string;
  /** Number of elements. */
  readonly numel: number;
}

/** A tensor as the pickle describes it: a strided view of a storage. */
class TensorView {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly stride: readonly number[],
    readonly dtype: string = storage.dtype,
  ) {}
}

/**
 * The attribute of the outermost dictionary that holds the strings beside the tensors: `load_state_dict` of PyTorch ignores
 * attributes, while it would refuse a key that it does not know.
 */
export const METADATA = 'audio_ssl';

const PICKLE_LIMIT = 32 * 2 ** 20; // bytes; that of a model of 1000 tensors has about 100 kB
const DIRECTORY_LIMIT = 64 * 2 ** 20; // bytes of a zip's list of files
const DEPTH_LIMIT = 64;
const NODE_LIMIT = 2 ** 20;
const KEY_LIMIT = 256; // characters; the longest names of published models have about 70
const PATH_LIMIT = 512;
const PATHS_LIMIT = 2 ** 26; // characters of all paths
// Views may repeat elements of a storage, so a small file may describe large tensors: within reason.
const VIEW_SLACK = 2 ** 24;
// They may also be a few elements far apart: what is read for all of them, in files of this size.
const SPAN_LIMIT = 16;

const storageTypes: Readonly<Record<string, string>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  UntypedStorage: 'U8',
  ComplexFloatStorage: 'C64',
  ComplexDoubleStorage: 'C128',
};

/** Bytes of an element; 0 for a type that nobody can read, and whose tensors are listed without a check of their sizes. */
const bytesOf = (dtype: string): number => own(elementBytes, dtype) ?? 0;
const elementBytes: Readonly<Record<string, number>> = { ...elementSize, C64: 8, C128: 16 };

const dtypes: Readonly<Record<string, string>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  float8_e4m3fn: 'F8_E4M3',
  float8_e5m2: 'F8_E5M2',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
  complex64: 'C64',
  complex128: 'C128',
};

/** What the pickle may name besides tensors, and what becomes of it. Every other name is opaque. */
const plain: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  'collections.OrderedDict': () => new PyDict(),
  'argparse.Namespace': () => new PyDict(true),
  'torch.Size': ([sides]) => sides,
};

/** What tells nobody anything: a place in memory, the bytes of an array, the type of its elements. */
const quiet = new Set(['torch.device', 'numpy.dtype', '_codecs.encode', 'builtins.bytes', '__builtin__.bytes']);

/** Functions that make an object of the class that is their first argument. */
const makers = new Set([
  'copyreg._reconstructor',
  'copy_reg._reconstructor',
  'copyreg.__newobj__',
  'copyreg.__newobj_ex__',
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray._reconstruct',
  'builtins.getattr',
  '__builtin__.getattr',
]);

/**
 * Names that no checkpoint needs and that an attacker would have Python call. Nothing is ever called here; the file is
 * refused all the same, lest somebody loads it elsewhere.
 */
const DANGEROUS = new RegExp(
  [
    /^(os|posix|nt|subprocess|_posixsubprocess|sys|shutil|socket|pty|ctypes|_ctypes|webbrowser)\./,
    /^(importlib|_frozen_importlib|imp|pkgutil|runpy|codeop|bdb|pdb|pickle|_pickle|cPickle|marshal|shelve)\./,
    /^(builtins|__builtin__)\.(eval|exec|execfile|compile|open|file|input|raw_input|apply|reload|breakpoint|__import__)$/,
    /^torch\.(load|save|hub|ops|jit|package|utils\.cpp_extension|storage\._load_from_bytes)(\.|$)/,
    /^numpy\.(load|save|fromfile|memmap|f2py|testing\._private)(\.|$)/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

class StorageType {
  constructor(readonly dtype: string) {}
}

class DType {
  constructor(readonly dtype: string) {}
}

const rebuildTensor = (name: string): PyCallable =>
  new PyCallable(name, ([storage, offset, shape, stride, , , ...more]) => {
    // Views that PyTorch negates or conjugates when they are read.
    const lazy = more.flatMap((one) => (one instanceof PyDict ? one.items : [])).find(([, isSet]) => isSet === true);
    if (lazy) throw unknownTensor(`${name} (${String(lazy[0])})`);
    return viewOf(name, storage, offset, shape, stride, dtypeOf(more[0]));
  });

/** An element type that has no name here is one that nobody can read. */
function dtypeOf(dtype: unknown): string | undefined {
  if (dtype instanceof DType) return dtype.dtype;
  return dtype instanceof PyOpaque ? dtype.name : undefined;
}

const tensorFunctions: Readonly<Record<string, PyCallable>> = {
  _rebuild_tensor: rebuildTensor('_rebuild_tensor'),
  _rebuild_tensor_v2: rebuildTensor('_rebuild_tensor_v2'),
  _rebuild_tensor_v3: rebuildTensor('_rebuild_tensor_v3'),
  _rebuild_parameter: new PyCallable('_rebuild_parameter', ([tensor]) => tensor),
  _rebuild_parameter_with_state: new PyCallable('_rebuild_parameter_with_state', ([tensor]) => tensor),
};

const ADVICE = `If you trust the file, save its tensors alone in Python: torch.save(model.state_dict(), 'weights.pt')`;

const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

const naturals = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= DIMENSION_LIMIT && value.every((n) => Number.isSafeInteger(n) && n >= 0);

function viewOf(
  name: string,
  storage: unknown,
  offset: unknown,
  shape: unknown,
  stride: unknown,
  dtype: string | undefined,
): TensorView {
  if (!isStorage(storage)) throw new Error(`its pickle calls ${name} without a storage`);
  if (!naturals([offset]) || !naturals(shape) || !naturals(stride) || shape.length !== stride.length) {
    throw new Error(`its pickle calls ${name} with no valid offset, shape and stride`);
  }
  const view = new TensorView(storage, offset as number, shape, stride, dtype);
  if (sizeOf(shape) === undefined) throw new Error(`a tensor of shape [${shape}] is too large`);
  // An untyped storage counts bytes, its views elements.
  const elements = Math.floor((storage.numel * bytesOf(storage.dtype)) / bytesOf(view.dtype));
  if (bytesOf(view.dtype) > 0 && endOf(view) > elements) {
    throw new Error(
      `a tensor of shape [${shape}] reaches beyond its storage (element ${endOf(view)} of ${elements}, storage ${storage.key})`,
    );
  }
  return view;
}

/** One more than the index of the last element that a view looks at. */
function endOf({ offset, shape, stride }: TensorView): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((last, side, axis) => last + (side - 1) * stride[axis]!, offset) + 1;
}

const isStorage = (value: unknown): value is Storage =>
  typeof value === 'object' && value !== null && 'numel' in value && 'key' in value;

/** What makes a tensor in a way of its own can't be left out like any object: it may be one of the weights. */
const unknownTensor = (path: string): Error =>
  new Error(
    `its pickle makes a tensor with '${clip(path)}', which is not known here; nothing of it was run. ${ADVICE}`,
  );

/** The names and storages that a pickle of `torch.save` may refer to; it collects the storages. */
function world(): PickleWorld & { readonly storages: Map<string, Storage> } {
  const storages = new Map<string, Storage>();
  return {
    storages,
    global(module, name) {
      if (module === 'torch' || module === 'torch.storage') {
        const type = own(storageTypes, name);
        if (type) return new StorageType(type);
      }
      if (module === 'torch') {
        const type = own(dtypes, name);
        if (type) return new DType(type);
      }
      const path = `${module}.${name}`;
      const made = module === 'torch._utils' ? own(tensorFunctions, name) : own(plain, path);
      if (made) return made instanceof PyCallable ? made : new PyCallable(path, made);
      if (DANGEROUS.test(path))
        throw new Error(
          `its pickle would have Python call '${clip(path)}', which no weights need; nothing of it was run. ` +
            'Do not load it with torch.load, and get the weights from somewhere else',
        );
      if (/^torch(\.|$)/.test(module) && /^_?rebuild|^_load/.test(name)) throw unknownTensor(path);
      return new PyOpaque(path);
    },
    opaque({ name }, args) {
      // Only what lies at the surface: this is to tell, not to keep anything out.
      const near = args.slice(0, 16).flatMap((arg) => (Array.isArray(arg) ? (arg as unknown[]).slice(0, 16) : [arg]));
      if (near.some((arg) => arg instanceof TensorView || isStorage(arg))) throw unknownTensor(name);
      const [made] = args;
      return new PyOpaque(makers.has(name) && made instanceof PyOpaque ? made.name : name);
    },
    persistent(id) {
      const [kind, type, key, , numel, view] = Array.isArray(id) ? (id as unknown[]) : [];
      if (kind === 'module') return type; // the class of a whole model, beside which its source was saved
      if (kind !== 'storage' || !(type instanceof StorageType) || typeof key !== 'string' || !naturals([numel])) {
        throw new Error('its pickle refers to something other than a storage');
      }
      if (view !== undefined && view !== null) {
        throw new Error('it has storages inside storages, which PyTorch wrote before version 0.4; save it again');
      }
      const known = storages.get(key);
      if (known && (known.dtype !== type.dtype || known.numel !== numel)) {
        throw new Error(`its pickle describes storage ${key} in two ways`);
      }
      const storage: Storage = known ?? { dtype: type.dtype, key, numel: numel as number };
      storages.set(key, storage);
      return storage;
    },
  };
}

/** What is in a checkpoint: tensors, plain values, and what was left out. */
interface Flattened extends Pick<TensorFile, 'values' | 'leftOut'> {
  readonly views: ReadonlyMap<string, TensorView>;
}

/** Every tensor and every plain value of an unpickled checkpoint by its dotted path. */
function flatten(root: unknown, fileSize: number): Flattened {
  const views = new Map<string, TensorView>();
  const leftOut = new Map<string, string>();
  const seen = new Set<unknown>();
  const values = new Map<string, string | number | boolean>();
  const dictionaries = new Map<PyDict | PyOpaque, ReadonlyMap<unknown, unknown>>();
  let nodes = 0;
  let elements = 0;
  let span = 0;
  let characters = 0;
  const count = (entries: number): void => {
    nodes += entries;
    if (nodes > NODE_LIMIT) throw new Error(`it has more than ${NODE_LIMIT} entries`);
  };
  // A dictionary may be found in many places, and have one key many times.
  const read = (dict: PyDict | PyOpaque): ReadonlyMap<unknown, unknown> => {
    let known = dictionaries.get(dict);
    if (!known) {
      count(dict.items.length);
      known = new Map(dict.items);
      dictionaries.set(dict, known);
    }
    return known;
  };
  /** Whether there are tensors in what is left out. Each object is looked at once. */
  const hides = (start: unknown): boolean => {
    const left = [start];
    let found = false;
    for (let value = left.pop(); value !== undefined; value = left.pop()) {
      if (typeof value !== 'object' || value === null || value instanceof Uint8Array || seen.has(value)) continue;
      seen.add(value);
      if (value instanceof TensorView) found = true;
      const inside = Array.isArray(value)
        ? (value as unknown[])
        : value instanceof PyList
          ? value.items
          : value instanceof PyOpaque
            ? [value.state, ...value.items.flat(), ...value.elements]
            : value instanceof PyDict
              ? value.items.flat()
              : [];
      for (const one of inside) if (one !== undefined) left.push(one);
    }
    return found;
  };
  const visit = (value: unknown, path: string, depth: number): void => {
    count(1);
    if (depth > DEPTH_LIMIT) throw new Error(`its dictionaries are nested more than ${DEPTH_LIMIT} deep`);
    const under = (key: unknown): string => {
      const name = keyOf(key);
      const whole = path === '' ? name : `${path}.${name}`;
      characters += whole.length;
      if (name.length > KEY_LIMIT || whole.length > PATH_LIMIT || characters > PATHS_LIMIT) {
        throw new Error(
          `it has a name of ${whole.length} characters, or too many long ones: '${whole.slice(0, 60)}...'`,
        );
      }
      return whole;
    };
    if (value instanceof TensorView) {
      if (views.has(path)) throw new Error(`it has two tensors named '${path}'`);
      views.set(path, value);
      elements += sizeOf(value.shape)!;
      if (elements > fileSize + VIEW_SLACK) {
        throw new Error(`its tensors have ${elements} elements or more, far beyond the ${fileSize} bytes of the file`);
      }
      const { begin, end } = rangeOf(value);
      span += end - begin;
      if (span > SPAN_LIMIT * fileSize + VIEW_SLACK) {
        throw new Error(`its tensors look at ${span} bytes or more, far beyond the ${fileSize} bytes of the file`);
      }
    } else if (value instanceof PyDict) {
      for (const [key, child] of read(value)) visit(child, under(key), depth + 1);
    } else if (value instanceof PyList || Array.isArray(value)) {
      const items = value instanceof PyList ? value.items : (value as unknown[]);
      items.forEach((child, i) => visit(child, under(i), depth + 1));
    } else if (value instanceof PyOpaque) {
      // A mapping or a list of another class has its tensors by name all the same.
      for (const [key, child] of read(value)) visit(child, under(key), depth + 1);
      value.elements.forEach((child, i) => visit(child, under(i), depth + 1));
      if (quiet.has(value.name) || (value.state === undefined && value.items.length + value.elements.length > 0))
        return;
      leftOut.set(path, hides(value.state) ? `${clip(value.name)} with tensors in it` : clip(value.name));
    } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      values.set(path, value);
    }
  };
  const attributes = root instanceof PyDict && root.attributes ? read(root.attributes) : undefined;
  const metadata = attributes?.get(METADATA);
  if (metadata instanceof PyDict) {
    for (const [key, value] of read(metadata))
      if (typeof key === 'string' && typeof value === 'string') values.set(key, value);
  }
  visit(root, root instanceof TensorView ? 'tensor' : '', 0);
  if (views.size === 0 && leftOut.size > 0) {
    const whole = [...leftOut.values()].find((what) => what.endsWith(' in it')) ?? [...leftOut.values()][0];
    throw new Error(
      `it holds objects of Python ('${whole}') instead of tensors by name; nothing of it was run. ${ADVICE}`,
    );
  }
  return { views, values, leftOut };
}

const keyOf = (key: unknown): string =>
  typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean' ? String(key) : '?';

/** The bytes of a storage that a view looks at. */
function rangeOf(view: TensorView): { readonly begin: number; readonly end: number } {
  const size = bytesOf(view.dtype);
  const end = endOf(view);
  return { begin: size * Math.min(view.offset, end), end: size * end };
}

/** Reads the bytes of a storage from `begin` to `end`; nobody else has them. */
type ReadStorage = (storage: Storage, begin: number, end: number) => Promise<Uint8Array>;

function tensorFile(
  source: ByteSource,
  format: TensorFile['format'],
  root: unknown,
  readStorage: ReadStorage,
): TensorFile {
  const { views, values, leftOut } = flatten(root, source.size);
  const tensors = new Map([...views].map(([name, { dtype, shape }]): [string, TensorInfo] => [name, { dtype, shape }]));
  const file: TensorFile = {
    name: source.name,
    format,
    tensors,
    values,
    leftOut,
    async read(name) {
      const view = views.get(name);
      if (!view) throw noSuchTensor(file, name);
      const { begin, end } = rangeOf(view);
      requireElementType(view.dtype, name, source.name);
      try {
        return entryOf(view, await readStorage(view.storage, begin, end));
      } catch (error) {
        throw new Error(`read: ${source.name}: '${name}': ${(error as Error).message}`, { cause: error });
      }
    },
    close: () => source.close(),
  };
  return file;
}

/** The view's elements in row-major order, from the bytes that it looks at. */
function entryOf({ dtype, shape, stride }: TensorView, bytes: Uint8Array): SafetensorsEntry {
  const seen = decodeElements(dtype as ElementType, bytes);
  const data = isContiguous(shape, stride) ? seen : gather(seen, shape, stride);
  return { dtype: data instanceof Float32Array ? 'F32' : 'I32', shape, data };
}

function isContiguous(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== expected) return shape.includes(0);
    expected *= shape[axis]!;
  }
  return true;
}

function gather<A extends Float32Array | Int32Array>(seen: A, shape: readonly number[], stride: readonly number[]): A {
  const data = new (seen.constructor as new (length: number) => A)(sizeOf(shape)!);
  const index = shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < data.length; i++) {
    data[i] = seen[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += stride[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * stride[axis]!;
      index[axis] = 0;
    }
  }
  return data;
}

/** Says which file, and what to do, whatever went wrong inside. */
async function explain<T>({ name }: ByteSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { message } = error as Error;
    const end = /\.pt'\)$|instead$|again$|one of them$|else$|not a PyTorch checkpoint$/.test(message)
      ? ''
      : '; is it the whole file, as torch.save wrote it? Download or save it again';
    throw new Error(`openTensors: ${name}: ${clip(message)}${end}`, { cause: error });
  }
}

/** Opens what `torch.save` writes since version 1.6: an uncompressed zip of a pickle and one file a storage. */
export function openPytorchZip(source: ByteSource): Promise<TensorFile> {
  return explain(source, async () => {
    const places = new WeakMap<Blob, number>();
    const { entries } = await unzipRaw({
      getLength: async () => source.size,
      read: (offset: number, length: number) => {
        if (length > DIRECTORY_LIMIT) throw new Error(`the list of files in its zip has ${length} bytes`);
        return source.read(offset, length) as Promise<Uint8Array<ArrayBuffer>>;
      },
      // unzipit tells only its reader where the bytes of a file are: an empty blob carries the offset.
      sliceAsBlob: async (offset: number) => {
        const blob = new Blob([]);
        places.set(blob, offset);
        return blob;
      },
    });
    const files = new Map<string, ZipEntry>();
    for (const entry of entries) {
      if (files.has(entry.name)) throw new Error(`its zip has two files named '${entry.name}'`);
      files.set(entry.name, entry);
    }
    const pickles = [...files.keys()].filter((path) => /^([^/]+\/)?data\.pkl$/.test(path));
    if (pickles.length === 0) throw new Error(describeZip([...files.keys()]));
    if (pickles.length > 1) throw new Error('its zip has more than one data.pkl, so it is not a PyTorch checkpoint');
    const folder = pickles[0]!.slice(0, -'data.pkl'.length);
    if (files.has(`${folder}constants.pkl`))
      throw new Error('it is a TorchScript program; save model.state_dict() instead');

    const stored = (path: string): ZipEntry => {
      const entry = files.get(`${folder}${path}`);
      if (!entry) throw new Error(`its zip has no file ${folder}${path}`);
      if (entry.encrypted) throw new Error(`${entry.name} in its zip is encrypted`);
      if (entry.compressionMethod !== 0) {
        throw new Error(
          `${entry.name} in its zip is compressed, which torch.save never does; unpack it and save it again`,
        );
      }
      return entry;
    };
    const placeOf = async (path: string): Promise<number> => places.get(await stored(path).blob())!;
    const content = async (path: string, most: number): Promise<Uint8Array> => {
      const { name, size } = stored(path);
      if (size > most) throw new Error(`${name} in its zip has ${size} bytes, more than the ${most} allowed`);
      return source.read(await placeOf(path), size);
    };
    if (files.has(`${folder}byteorder`)) {
      const order = new TextDecoder().decode(await content('byteorder', 64));
      if (order.trim() !== 'little') throw new Error(`its byte order is '${order}'; only little-endian is read`);
    }
    const names = world();
    const { value } = unpickle(await content('data.pkl', PICKLE_LIMIT), names);
    for (const { key, numel, dtype } of names.storages.values()) {
      const size = files.get(`${folder}data/${key}`)?.size ?? -1;
      if (size < numel * bytesOf(dtype)) {
        throw new Error(
          `storage ${key} should have ${numel * bytesOf(dtype)} bytes, ${size < 0 ? 'it is missing' : `it has ${size}`}`,
        );
      }
    }
    return tensorFile(source, 'PyTorch', value, async ({ key }, begin, end) =>
      source.read((await placeOf(`data/${key}`)) + begin, end - begin),
    );
  });
}

/** Whether a file begins as a pickle of protocol 2 or later. */
export function isPickle(start: Uint8Array): boolean {
  return start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5;
}

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;

/** Opens what `torch.save` wrote before version 1.6: five pickles, then the storages one after the other. */
export function openPytorchLegacy(source: ByteSource): Promise<TensorFile> {
  return explain(source, async () => {
    const { root, keys, storages, end } = await readPickles(source);
    const offsets = new Map<string, number>();
    let at = end;
    for (const key of keys) {
      const storage = storages.get(key);
      if (!storage) throw new Error(`it has a storage ${key} that its pickle does not describe`);
      const count = new DataView((await source.read(at, 8)).buffer).getBigInt64(0, true);
      if (count !== BigInt(storage.numel)) {
        throw new Error(`storage ${key} has ${count} elements, its pickle says ${storage.numel}`);
      }
      offsets.set(key, at + 8);
      at += 8 + storage.numel * bytesOf(storage.dtype);
      if (at > source.size) throw new Error(`storage ${key} ends beyond the file's ${source.size} bytes`);
    }
    const missing = [...storages.keys()].find((key) => !offsets.has(key));
    if (missing !== undefined) throw new Error(`storage ${missing} is missing`);
    return tensorFile(source, 'PyTorch (legacy)', root, ({ key }, begin, end) =>
      source.read(offsets.get(key)! + begin, end - begin),
    );
  });
}

interface LegacyStart {
  readonly root: unknown;
  readonly keys: readonly string[];
  readonly storages: ReadonlyMap<string, Storage>;
  /** Where the first storage begins. */
  readonly end: number;
}

/** Nobody says how long the pickles are: reads more until they end. */
async function readPickles(source: ByteSource): Promise<LegacyStart> {
  const most = Math.min(source.size, PICKLE_LIMIT);
  for (let length = Math.min(most, 2 ** 20); ; length = Math.min(most, 4 * length)) {
    const bytes = await source.read(0, length);
    try {
      return parsePickles(bytes);
    } catch (error) {
      if (!(error instanceof TruncatedPickleError) || length === most) throw error;
    }
  }
}

function parsePickles(bytes: Uint8Array): LegacyStart {
  const names = world();
  let end = 0;
  const next = (): unknown => {
    const { value, end: after } = unpickle(bytes, names, end);
    end = after;
    return value;
  };
  if (next() !== LEGACY_MAGIC) throw new Error('it is a pickle, but torch.save did not write it');
  const protocol = next();
  if (protocol !== 1001) throw new Error(`it is of protocol version ${String(protocol)}; 1001 is read`);
  const system = next();
  const little = system instanceof PyDict && new Map(system.items).get('little_endian');
  if (little !== true) throw new Error('it does not say that it is little-endian; only that is read');
  const root = next();
  const keys = next();
  if (!(keys instanceof PyList) || !keys.items.every((key) => typeof key === 'string')) {
    throw new Error('its list of storages can not be read');
  }
  return { root, keys: [...new Set(keys.items)], storages: names.storages, end };
}
