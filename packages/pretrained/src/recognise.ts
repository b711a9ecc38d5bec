import type { TensorFile } from '@audio-ssl/tensor-files';
import type { Patch } from '@audio-ssl/vit';
import { isComputed, isTransposed, toOurPath, type Naming } from './name-tables.js';

/** A tensor of a file and its place in our state. */
export interface Mapped {
  /** Its name in the file. */
  readonly name: string;
  /** Its shape in the file. */
  readonly shape: readonly number[];
}

/** What a checkpoint is, judged by its tensors. */
export interface Recognised {
  readonly naming: Naming;
  /** In words, for people: `MATPAC training checkpoint`. */
  readonly family: string;
  /** The file's tensors by their path in a `MatpacState`; a class head or probe is under `classifier`. */
  readonly mapped: ReadonlyMap<string, Mapped>;
  /** Names of tensors that our code computes: positions, tables of the front end. */
  readonly computed: readonly string[];
  /** Names that have no place in our state. */
  readonly leftOver: readonly string[];
  /** Name of the encoder's table of positions in the file. */
  readonly positions: string | undefined;
  /** Name of M2D's tensor of mean and standard deviation in the file. */
  readonly normStats: string | undefined;
  /** Sizes of the encoder; `undefined` for a probe. */
  readonly encoder: RecognisedEncoder | undefined;
  /** Whether it is a linear probe (`probe.weight`): a class head without an encoder and without a batch norm. */
  readonly isProbe: boolean;
}

/** Sizes of an encoder, from its shapes. They do not show the number of attention heads. */
export interface RecognisedEncoder {
  readonly embedDim: number;
  readonly depth: number;
  readonly hiddenDim: number;
  readonly patch: Patch;
  /** Patches along frequency and time that the positions are for; time is `undefined` when there is no table of them. */
  readonly grid: { readonly freq: number; readonly time: number | undefined };
}

const MEL_BINS = 80;
const MOST_ROWS = 1024; // of patches along frequency
const FINE_TUNED = 'ar.runtime.backbone.'; // what EVAR, M2D's fine-tuning code, puts before the encoder's names

/**
 * Recognises a checkpoint by the names and shapes of its tensors, whatever its file is called and however deep the weights
 * are nested: encoders and training checkpoints of MATPAC and MATPAC++, with an AudioSet head or without; linear probes;
 * M2D's; and ours.
 *
 * @throws Error naming the file when nothing is recognised.
 * @example
 * console.log(recognise(file).family); // MATPAC encoder with a 527-way class head
 */
export function recognise(file: TensorFile): Recognised {
  const names = [...file.tensors.keys()];
  const { prefix, naming } = locate(names, file);
  const mapped = new Map<string, Mapped>();
  const computed: string[] = [];
  const leftOver: string[] = [];
  let positions: string | undefined;
  let normStats: string | undefined;
  for (const name of names) {
    const { shape } = file.tensors.get(name)!;
    const path = pathOf(name, shape.length, prefix, naming);
    const inner = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    if (inner === 'pos_embed') positions = name;
    if (naming === 'm2d' && /(^|\.)norm_stats$/.test(name)) normStats = name;
    else if (isComputed(inner)) computed.push(name);
    else if (path === undefined || mapped.has(path)) leftOver.push(name);
    else mapped.set(path, { name, shape });
  }
  const encoder = mapped.has('student.cls_token') ? encoderSizes(file, mapped, positions) : undefined;
  const isProbe = !encoder && mapped.has('classifier.kernel') && !mapped.has('classifier.norm.mean');
  return {
    ...{ naming, mapped, computed, leftOver, positions, normStats, encoder, isProbe },
    family: describe(naming, mapped),
  };
}

function locate(names: readonly string[], file: TensorFile): { prefix: string; naming: Naming } {
  const find = (end: RegExp): string | undefined =>
    names
      .flatMap((name) => (end.test(name) ? [name.replace(end, '')] : []))
      .sort((a, b) => a.length - b.length)
      .find((prefix) => prefix === '' || prefix.endsWith('.'));
  const ours = find(/patch_embed\.proj\.kernel$/);
  if (ours !== undefined) return { prefix: ours.replace(/student\.$/, ''), naming: 'audio-ssl' };
  const theirs = find(/student_encoder\.blocks\.0\.attn\.qkv\.weight$/);
  if (theirs !== undefined) return { prefix: theirs, naming: 'matpac' };
  const probe = find(/probe\.weight$/);
  if (probe !== undefined) return { prefix: probe, naming: 'matpac' };
  const timm = find(/blocks\.0\.attn\.qkv\.weight$/);
  if (timm !== undefined && names.includes(`${timm}patch_embed.proj.weight`)) return { prefix: timm, naming: 'm2d' };
  const ourHead = find(/classifier\.kernel$/);
  if (ourHead !== undefined) return { prefix: ourHead, naming: 'audio-ssl' };
  // A head has its names in many a model: only where there is nothing else it is one of theirs.
  const head = find(/head\.weight$/);
  if (head !== undefined && names.every((name) => /^head(_norm)?\./.test(name.slice(head.length))))
    return { prefix: head, naming: 'matpac' };
  const clipped = names.slice(0, 3).map((name) => name.slice(0, 100));
  throw new Error(
    `recognise: ${file.name}: expected an encoder of MATPAC, MATPAC++ or M2D, a probe, or weights of audio-ssl, ` +
      `got tensors such as ${clipped.join(', ') || '(none)'}; is it the right file?`,
  );
}

function pathOf(name: string, rank: number, prefix: string, naming: Naming): string | undefined {
  if (prefix.endsWith(FINE_TUNED) && !name.startsWith(prefix)) {
    const outer = prefix.slice(0, -FINE_TUNED.length);
    const heads: Readonly<Record<string, string>> = {
      [`${outer}head.norm.running_mean`]: 'classifier.norm.mean',
      [`${outer}head.norm.running_var`]: 'classifier.norm.var',
      [`${outer}head.mlp.mlp.0.weight`]: 'classifier.kernel',
      [`${outer}head.mlp.mlp.0.bias`]: 'classifier.bias',
    };
    return Object.hasOwn(heads, name) ? heads[name] : undefined;
  }
  if (!name.startsWith(prefix)) return undefined;
  const inner = name.slice(prefix.length);
  if (naming !== 'audio-ssl') return toOurPath(inner, rank, naming);
  if (/^(student|teacher|moments|classifier)\.|^center$/.test(inner)) return inner;
  return /^(encoder|patch_embed|predictor|projection|hypotheses|head)\.|^cls_token$/.test(inner)
    ? `student.${inner}`
    : undefined;
}

function encoderSizes(
  file: TensorFile,
  mapped: ReadonlyMap<string, Mapped>,
  positions: string | undefined,
): RecognisedEncoder {
  const shape = (path: string): readonly number[] => {
    const found = mapped.get(path);
    if (!found)
      throw new Error(
        `recognise: ${file.name}: the encoder has no '${path.replace('student.', '')}'; is the file whole?`,
      );
    return found.shape;
  };
  const embedDim = shape('student.cls_token').at(-1) ?? 0;
  const blocks = new Set<number>();
  for (const path of mapped.keys()) {
    const block = /^student\.encoder\.blocks\.(\d+)\./.exec(path)?.[1];
    if (block !== undefined) blocks.add(Number(block));
  }
  const depth = blocks.size;
  const beyond = [...blocks].find((block) => block >= depth); // the number in a name is not how many there are
  if (beyond !== undefined)
    throw new Error(
      `recognise: ${file.name}: the encoder has ${depth} blocks, and one is number ${beyond}; is the file whole?`,
    );
  const proj = shape('student.patch_embed.proj.kernel');
  const patch = patchOf(file, proj);
  const fc1 = shape('student.encoder.blocks.0.mlp.fc1.kernel');
  const hiddenDim = (fc1[0] === embedDim ? fc1[1] : fc1[0]) ?? 0;
  const freq = Number(file.values.get('bins') ?? MEL_BINS) / patch[0];
  const tokens = positions === undefined ? undefined : file.tensors.get(positions)!.shape.at(-2)! - 1;
  const time = tokens === undefined ? undefined : tokens / freq;
  if (
    !(Number.isInteger(freq) && freq > 0 && freq <= MOST_ROWS) ||
    (time !== undefined && !(Number.isInteger(time) && time > 0))
  ) {
    throw new Error(
      `recognise: ${file.name}: ${tokens ?? '?'} positions and patches of ${patch.join(' x ')} do not make a grid over ${MEL_BINS} mel bins; the front end is another one`,
    );
  }
  return { embedDim, depth, hiddenDim, patch, grid: { freq, time } };
}

/** [mel bins, frames] of a patch: from the kernel of the authors' convolution, or from our metadata, or square. */
function patchOf(file: TensorFile, proj: readonly number[]): Patch {
  if (proj.length === 4) return [proj[2]!, proj[3]!];
  const stated = /^([1-9]\d*)x([1-9]\d*)$/.exec(String(file.values.get('patch') ?? ''));
  if (stated) return [Number(stated[1]), Number(stated[2])];
  const side = Math.round(Math.sqrt(proj[0] ?? 0));
  return [side, (proj[0] ?? 0) / side];
}

function describe(naming: Naming, mapped: ReadonlyMap<string, Mapped>): string {
  const has = (start: string): boolean => [...mapped.keys()].some((path) => path.startsWith(start));
  const kernel = mapped.get('classifier.kernel')?.shape;
  const classes = (naming === 'audio-ssl' ? kernel?.[1] : kernel?.[0]) ?? 0;
  if (!has('student.')) return kernel ? `linear probe of ${classes} classes` : 'unknown';
  const hypotheses = has('student.hypotheses.');
  const name = { 'audio-ssl': 'audio-ssl', m2d: 'M2D', matpac: hypotheses ? 'MATPAC++' : 'MATPAC' }[naming];
  const what = has('student.predictor.') ? 'training checkpoint' : 'encoder';
  return `${name} ${what}${kernel ? ` with a ${classes}-way class head` : ''}`;
}

/**
 * One tensor in our layout: dense kernels as (in, out), tokens and centres in the shape they have in our state.
 *
 * @param path in our state; it must be among `recognised.mapped`.
 * @throws Error naming file and tensor for NaN and infinities, from which a model would compute nothing but NaN
 */
export async function readMapped(
  file: TensorFile,
  { mapped, naming }: Pick<Recognised, 'mapped' | 'naming'>,
  path: string,
): Promise<{ dtype: 'F32'; shape: number[]; data: Float32Array }> {
  const { name } = mapped.get(path)!;
  const { data, shape } = await file.read(name);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new Error(
      `checkpoint: ${file.name}: expected finite weights, got ${data[bad]} in ${name}; its training diverged or the file is damaged, take another checkpoint`,
    );
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  const ours = ourShape(path, shape, naming);
  if (naming === 'audio-ssl' || !isTransposed(path)) return { dtype: 'F32', shape: ours, data: values };
  const [columns, rows] = ours as [number, number];
  return { dtype: 'F32', shape: ours, data: transpose(values, rows, columns) };
}

/** The shape in our layout of a tensor that has `shape` in the file. */
export function ourShape(path: string, shape: readonly number[], naming: Naming): number[] {
  if (naming === 'audio-ssl') return [...shape];
  const count = (sides: readonly number[]): number => sides.reduce((a, b) => a * b, 1);
  if (path === 'center') return [count(shape)];
  return isTransposed(path) ? [count(shape.slice(1)), shape[0] ?? 1] : [...shape];
}

/** (rows, columns) row-major to (columns, rows). */
export function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  // In tiles: a column of a large matrix lies in as many cache lines as it has rows.
  const TILE = 32;
  for (let top = 0; top < rows; top += TILE) {
    for (let left = 0; left < columns; left += TILE) {
      const [bottom, right] = [Math.min(rows, top + TILE), Math.min(columns, left + TILE)];
      for (let r = top; r < bottom; r++) for (let c = left; c < right; c++) out[c * rows + r] = data[r * columns + c]!;
    }
  }
  return out;
}
