import { Zip, ZipPassThrough } from 'fflate';
import { METADATA } from './pytorch.js';
import { chunksOf } from './safetensors.js';
import type { PendingTensor } from './tensor-file.js';

/** How {@link pytorchChunks} arranges tensors. */
export interface PytorchOptions {
  /**
   * Prefixes of names that become dictionaries: with `['model', 'model._ema']` the tensor `model._ema.norm.weight` stands
   * as `norm.weight` in the dictionary `_ema` of the dictionary `model`. By default there is one flat dictionary.
   */
  readonly dictionaries?: readonly string[];
  /**
   * Strings that `openTensors` gives as `values`, as the metadata of safetensors. In Python they are the attribute `audio_ssl`
   * of the dictionary, so that its keys are those of the tensors alone.
   */
  readonly metadata?: Readonly<Record<string, string>>;
}

const SIZE_LIMIT = 2 ** 32 - 2 ** 24; // of a zip without the 64-bit extension

/**
 * A PyTorch checkpoint in pieces, as `torch.save` writes it (an uncompressed zip), one tensor after the other; `torch.load`
 * reads it with `weights_only=True`.
 *
 * @throws Error when it would have 4 GB or more; write safetensors then.
 * @example
 * await pipeline(pytorchChunks(tensors), createWriteStream('encoder.pt'));
 */
export async function* pytorchChunks(
  tensors: ReadonlyMap<string, PendingTensor>,
  { dictionaries = [], metadata = {} }: PytorchOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const total = [...tensors.values()].reduce((sum, { shape }) => sum + 4 * count(shape), 0);
  if (total > SIZE_LIMIT) {
    throw new Error(`pytorchChunks: ${total} bytes of tensors do not fit into a zip; write safetensors instead`);
  }
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    ready.push(chunk);
  });
  const add = async function* (path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    const entry = new ZipPassThrough(`archive/${path}`);
    entry.mtime = new Date(1980, 0, 1); // local time, as zips have it: the same tensors are the same bytes at any time
    zip.add(entry);
    for await (const chunk of chunks) {
      entry.push(chunk);
      yield* ready.splice(0);
    }
    entry.push(new Uint8Array(0), true);
    yield* ready.splice(0);
  };
  const text = (words: string): Uint8Array[] => [new TextEncoder().encode(words)];
  yield* add('data.pkl', [pickleOf(tensors, dictionaries, metadata)]);
  yield* add('byteorder', text('little'));
  for (const [index, [name, tensor]] of [...tensors].entries()) {
    let written = 0;
    for await (const chunk of add(
      `data/${index}`,
      counted(tensor, (bytes) => (written += bytes)),
    ))
      yield chunk;
    if (written !== 4 * count(tensor.shape)) {
      throw new Error(
        `pytorchChunks: '${name}' of shape [${tensor.shape}] needs ${4 * count(tensor.shape)} bytes, got ${written}`,
      );
    }
  }
  yield* add('version', text('3\n'));
  zip.end();
  yield* ready;
}

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

async function* counted(tensor: PendingTensor, note: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunksOf(tensor)) {
    note(chunk.length);
    yield chunk;
  }
}

/** The pickle of a dictionary of tensors, tensor i being storage i. */
function pickleOf(
  tensors: ReadonlyMap<string, PendingTensor>,
  dictionaries: readonly string[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const bytes: number[] = [0x80, 2];
  const put = (...codes: readonly number[]): void => void bytes.push(...codes);
  const u32 = (value: number): number[] => [
    value & 0xff,
    (value >> 8) & 0xff,
    (value >> 16) & 0xff,
    (value >>> 24) & 0xff,
  ];
  const string = (value: string): void => {
    const encoded = new TextEncoder().encode(value);
    put(0x58, ...u32(encoded.length), ...encoded);
  };
  const global = (module: string, name: string): void => put(0x63, ...new TextEncoder().encode(`${module}\n${name}\n`));
  const int = (value: number): void => put(0x4a, ...u32(value));
  const tuple = (write: () => void): void => {
    put(0x28);
    write();
    put(0x74);
  };
  const orderedDict = (): void => {
    global('collections', 'OrderedDict');
    put(0x29, 0x52);
  };
  const tensor = (index: number, { dtype, shape }: PendingTensor): void => {
    const strides = shape.map((_, axis) => count(shape.slice(axis + 1)));
    global('torch._utils', '_rebuild_tensor_v2');
    tuple(() => {
      tuple(() => {
        string('storage');
        global('torch', dtype === 'F32' ? 'FloatStorage' : 'IntStorage');
        string(String(index));
        string('cpu');
        int(count(shape));
      });
      put(0x51); // BINPERSID
      int(0);
      tuple(() => shape.forEach(int));
      tuple(() => strides.forEach(int));
      put(0x89); // no gradient
      orderedDict();
    });
    put(0x52);
  };
  const named = [...tensors].map(([name, value], index) => ({ name, value, index }));
  const dictionary = (prefix: string): void => {
    const inside = prefix === '' ? '' : `${prefix}.`;
    const nested = dictionaries.filter(
      (other) => other !== prefix && other.startsWith(inside) && parentOf(other, dictionaries) === prefix,
    );
    if (prefix === '') orderedDict();
    else put(0x7d);
    put(0x28);
    for (const { name, value, index } of named) {
      if (parentOf(name, dictionaries) !== prefix) continue;
      string(name.slice(inside.length));
      tensor(index, value);
    }
    for (const other of nested) {
      string(other.slice(inside.length));
      dictionary(other);
    }
    put(0x75);
  };
  dictionary('');
  if (Object.keys(metadata).length > 0) {
    put(0x7d);
    string(METADATA);
    put(0x7d, 0x28);
    for (const [key, value] of Object.entries(metadata)) {
      string(key);
      string(value);
    }
    put(0x75, 0x73, 0x62); // BUILD: the attributes of the outermost dictionary
  }
  put(0x2e);
  return Uint8Array.from(bytes);
}

/** The innermost dictionary that a name is in. */
function parentOf(name: string, dictionaries: readonly string[]): string {
  return dictionaries
    .filter((prefix) => prefix !== name && name.startsWith(`${prefix}.`))
    .reduce((longest, prefix) => (prefix.length > longest.length ? prefix : longest), '');
}
