import { openTensors, type TensorFile, type TensorInfo } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const WEIGHTS = /\.(safetensors|pt|pth|ckpt|bin)$/;
/** One of several files, such as `model-00002-of-00005.safetensors`. */
const SHARD = /-\d+-of-\d+\.\w+$/;
const INDEX = /\.(safetensors|bin)\.index\.json$/;
/** Beside weights on the Hub, and none themselves. */
const OTHERS = /^(training_args|optimizer|scheduler|rng_state.*|scaler)\.(bin|pt|pth|safetensors)$/;
const INDEX_LIMIT = 16 * 2 ** 20; // bytes
const SHARDS_LIMIT = 1000;

/**
 * Opens the tensors at a path: a file, as `openTensors` of `@audio-ssl/tensor-files` does; shards by their index (`model.safetensors.index.json`)
 * as one file; and a folder as the Hugging Face Hub lays it out, when it holds one file of weights, or shards with an index.
 *
 * @returns to be closed by the caller; nothing stays open when it throws
 * @throws Error naming the path and what is wrong with it: no such file, a folder of several files of weights, ...
 * @example
 * const file = await openTensorsAt('models/m2d');
 * console.log(file.name, [...file.tensors.keys()]);
 * await file.close();
 */
export async function openTensorsAt(path: string): Promise<TensorFile> {
  const status = await stat(path).catch(() => undefined);
  const found = status?.isDirectory() ? await weightsIn(path) : path;
  if (INDEX.test(found) || (found.endsWith('.json') && (await isIndex(found)))) return await openShards(found);
  const source = await openFile(found);
  try {
    return await openTensors(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** The file of weights in a folder, or the index of its shards. */
async function weightsIn(folder: string): Promise<string> {
  const names = (await readdir(folder)).sort();
  // The cache of the Hub has a snapshot for each version.
  if (names.includes('snapshots')) {
    const versions = await readdir(join(folder, 'snapshots'));
    if (versions.length === 1) return await weightsIn(join(folder, 'snapshots', versions[0]!));
    throw new Error(
      `openTensorsAt: ${folder} is a cache of the Hub with ${versions.length} versions; give one of ${join(folder, 'snapshots')}`,
    );
  }
  const indices = names.filter((name) => INDEX.test(name));
  const weights = names.filter((name) => WEIGHTS.test(name) && !OTHERS.test(name));
  const first = indices.length > 0 ? undefined : weights.find((name) => SHARD.test(name));
  if (first !== undefined)
    throw new Error(
      `openTensorsAt: ${folder} has shards such as ${first} and no index of them (${first.replace(/-\d+-of-\d+/, '')}.index.json); download it, too`,
    );
  const whole = weights.filter((name) => !SHARD.test(name));
  // transformers saves the same weights under these two names.
  const pair = whole.length === 2 && whole.includes('model.safetensors') && whole.includes('pytorch_model.bin');
  const one = pair ? 'model.safetensors' : whole.length === 1 ? whole[0] : undefined;
  const taken = one ?? (whole.length === 0 && indices.length === 1 ? indices[0] : undefined);
  if (taken !== undefined) return join(folder, taken);
  const several = [...whole, ...indices];
  throw new Error(
    several.length === 0
      ? `openTensorsAt: ${folder} has no file of weights (.safetensors, .pt, .pth, .ckpt or .bin); give the path of one`
      : `openTensorsAt: ${folder} has ${several.length} files of weights (${several.slice(0, 4).join(', ')}${several.length > 4 ? ', ...' : ''}); give the path of one`,
  );
}

async function isIndex(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  return status !== undefined && status.isFile() && status.size <= INDEX_LIMIT
    ? weightMap(await readFile(path, 'utf8')) !== undefined
    : false;
}

/** Which shard has a tensor, by the tensor's name. */
function weightMap(text: string): ReadonlyMap<string, string> | undefined {
  try {
    const index = JSON.parse(text) as { readonly weight_map?: unknown } | null;
    const map = index?.weight_map;
    return typeof map === 'object' && map !== null ? new Map(Object.entries(map as object)) : undefined;
  } catch {
    return undefined;
  }
}

async function openShards(index: string): Promise<TensorFile> {
  const refuse = (why: string): never => {
    throw new Error(`openTensorsAt: ${index}: ${why}; download it again, with all of its shards`);
  };
  const status = await stat(index);
  if (status.size > INDEX_LIMIT) return refuse(`${status.size} bytes are too many for an index of shards`);
  const map = weightMap(await readFile(index, 'utf8'));
  if (!map || map.size === 0) return refuse('expected an index of shards (`weight_map`)');
  const names = new Set(map.values());
  if (names.size > SHARDS_LIMIT) return refuse(`it names ${names.size} files`);
  // A shard lies beside its index: a path may lead anywhere.
  const odd = [...names].find((name) => typeof name !== 'string' || /[\\/]/.test(name) || !WEIGHTS.test(name));
  if (odd !== undefined)
    return refuse(`it names '${String(odd).slice(0, 100)}', which is no file of weights beside it`);
  const shards = new Map<string, TensorFile>();
  const close = async (): Promise<void> => {
    for (const shard of shards.values()) await shard.close();
  };
  try {
    for (const name of names) shards.set(name, await openTensorsAt(join(dirname(index), name)));
    const tensors = new Map<string, TensorInfo>();
    for (const [tensor, name] of map) {
      const info = shards.get(name)!.tensors.get(tensor);
      if (!info) return refuse(`it says that ${name} has the tensor '${tensor.slice(0, 100)}', which it has not`);
      tensors.set(tensor, info);
    }
    const all = [...shards.values()];
    const file: TensorFile = {
      name: index,
      format: all[0]!.format,
      tensors,
      values: new Map(all.flatMap(({ values }) => [...values])),
      leftOut: new Map(all.flatMap(({ leftOut }) => [...leftOut])),
      async read(tensor) {
        const shard = map.get(tensor);
        if (shard === undefined) throw new Error(`read: ${index} has no tensor '${tensor}'`);
        return await shards.get(shard)!.read(tensor);
      },
      close,
    };
    return file;
  } catch (error) {
    await close();
    throw error;
  }
}
