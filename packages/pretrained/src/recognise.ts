import type { SafetensorsEntry, TensorFile } from '@audio-ssl/tensor-files';
import type { Patch } from '@audio-ssl/vit';
import { bareNames, type BareNames } from './bare-names.js';
import { isComputed, isTransposed, toOurPath, type Naming } from './name-tables.js';
import { describeUnknown } from './unknown-layout.js';

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
  /** Whether the encoder was taken from a copy of the whole model that is an average: it is under `student` in `mapped`. */
  readonly isAverage: boolean;
  /** What a caller should know, in sentences: which of several copies of the model was taken, and what was left out. */
  readonly notes: readonly string[];
}

/** How {@link recognise} chooses. */
export interface RecogniseOptions {
  /** Which copy of the model, where a file has the model and its average (`ema_model`, `teacher`): the model by default. */
  readonly network?: 'student' | 'teacher' | undefined;
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
 * Wrappers in names (`module.`, `_orig_mod.`, `_fsdp_wrapped_module.`, ...) are seen through, wherever they stand, and weight
 * norm is found under both of its names.
 *
 * @throws Error naming the file when nothing is recognised, and when it holds several encoders.
 * @example
 * console.log(recognise(file).family); // MATPAC encoder with a 527-way class head
 */
export function recognise(file: TensorFile, options: RecogniseOptions = {}): Recognised {
  const bare = bareNames(file);
  const { prefix, naming, isAverage, notes } = locate(bare, file, options);
  const mapped = new Map<string, Mapped>();
  const computed: string[] = [];
  const leftOver: string[] = [];
  let positions: string | undefined;
  let normStats: string | undefined;
  for (const [bareName, name] of bare.names) {
    const { shape } = file.tensors.get(name)!;
    const path = pathOf(bareName, shape.length, prefix, naming);
    const inner = bareName.startsWith(prefix) ? bareName.slice(prefix.length) : '';
    if (inner === 'pos_embed') positions = name;
    if (naming === 'm2d' && /(^|\.)norm_stats$/.test(bareName)) normStats = name;
    else if (isComputed(inner)) computed.push(name);
    else if (path === undefined || mapped.has(path)) leftOver.push(name);
    else {
      const other = bare.twice.get(bareName);
      if (other !== undefined)
        throw new Error(
          `recognise: ${file.name}: '${name}' and '${other}' are the same but for a wrapper; save one of the two models alone`,
        );
      mapped.set(path, { name, shape });
    }
  }
  leftOver.push(...bare.twice.values());
  const encoder = mapped.has('student.cls_token') ? encoderSizes(file, mapped, positions) : undefined;
  const isProbe = !encoder && mapped.has('classifier.kernel') && !mapped.has('classifier.norm.mean');
  return {
    ...{ naming, mapped, computed, leftOver, positions, normStats, encoder, isProbe, isAverage },
    family: describe(naming, mapped),
    notes: [...notes, ...leftOutNote(file)],
  };
}

/** One line on the objects that were left out of a checkpoint. */
function leftOutNote({ name, leftOut }: TensorFile): string[] {
  if (leftOut.size === 0) return [];
  const shown = [...leftOut]
    .slice(0, 3)
    .map(([path, what]) => `${path.slice(0, 100) || 'all of it'} (${what.slice(0, 100)})`);
  const more = leftOut.size > shown.length ? `, and ${leftOut.size - shown.length} more` : '';
  return [`${name}: left out what is no tensor and was not run: ${shown.join(', ')}${more}`];
}

interface Located {
  readonly prefix: string;
  readonly naming: Naming;
  readonly isAverage: boolean;
  readonly notes: readonly string[];
}

const OPTIMISER = /(^|\.)(moments|optimi[sz]er\w*)\./;

/** A part of a name that says that a model is the average of another one. */
const AVERAGE = /^((.*_)?(ema|teacher|swa|averaged|average|momentum|target)(_.*)?)$/;

const isAveraged = (prefix: string): boolean => prefix.split('.').some((part) => AVERAGE.test(part));

/** Where the encoder lies, and whose names it has. */
function locate({ names: bare }: BareNames, file: TensorFile, { network = 'student' }: RecogniseOptions): Located {
  const names = [...bare.keys()];
  const choose = (end: RegExp, naming: Naming, also = ''): Located | undefined => {
    const prefixes = names
      .flatMap((name) => (end.test(name) ? [name.replace(end, '')] : []))
      .filter(
        (prefix) =>
          !OPTIMISER.test(prefix) &&
          (prefix === '' || prefix.endsWith('.')) &&
          (also === '' || bare.has(`${prefix}${also}`)),
      )
      .sort((a, b) => a.length - b.length);
    const averages = prefixes.filter(isAveraged);
    const models = prefixes.filter((prefix) => !isAveraged(prefix));
    const [wanted, others] = network === 'teacher' ? [averages, models] : [models, averages];
    const found = wanted.length > 0 ? wanted : others;
    if (found.length === 0) return undefined;
    const shown = (prefix: string): string => (prefix === '' ? 'the outermost one' : `'${prefix.slice(0, 100)}'`);
    if (found.length > 1)
      throw new Error(
        `recognise: ${file.name} has ${found.length} encoders, ${found.slice(0, 3).map(shown).join(', ')}; save the one that you mean alone`,
      );
    const [prefix] = found as [string];
    const isAverage = averages.includes(prefix);
    const notes =
      prefixes.length > 1
        ? [
            `${file.name} has a model and an average of it: took ${shown(prefix)}, the ${isAverage ? 'average' : 'model'}; ` +
              `\`network\` ${isAverage ? 'student' : 'teacher'} takes ${shown(others[0]!)}`,
          ]
        : [];
    return { prefix, naming, isAverage, notes };
  };
  const ours = choose(/(?:student\.)?patch_embed\.proj\.kernel$/, 'audio-ssl');
  if (ours) return ours;
  const theirs = choose(/student_encoder\.blocks\.0\.attn\.qkv\.weight$/, 'matpac');
  if (theirs) return theirs;
  const probe = choose(/probe\.weight$/, 'matpac');
  if (probe) return probe;
  const timm = choose(/blocks\.0\.attn\.qkv\.weight$/, 'm2d', 'patch_embed.proj.weight');
  if (timm) return timm;
  const ourHead = choose(/classifier\.kernel$/, 'audio-ssl');
  if (ourHead) return ourHead;
  // A head has its names in many a model: only where there is nothing else it is one of theirs.
  const head = /head\.weight$/;
  const headAt = names.find((name) => head.test(name))?.replace(head, '');
  if (headAt !== undefined && names.every((name) => /^head(_norm)?\./.test(name.slice(headAt.length))))
    return { prefix: headAt, naming: 'matpac', isAverage: false, notes: [] };
  throw new Error(
    `recognise: ${file.name}: expected an encoder of MATPAC, MATPAC++ or M2D, a probe, or weights of audio-ssl, ` +
      `${describeUnknown([...file.tensors.keys()])}${shardNote(file)}${leftOutNote(file)
        .map((note) => `. ${note}`)
        .join('')}`,
  );
}

/** What is missing of a model may be in the other shards. */
function shardNote({ name }: TensorFile): string {
  const shard = /-(\d+)-of-(\d+)\.\w+$/.exec(name);
  if (!shard) return '';
  return ` It is shard ${Number(shard[1])} of ${Number(shard[2])}: give their index (.index.json) or the folder with all of them`;
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
  const { data, shape } = await readUnscaled(file, name);
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

/**
 * One tensor as it is in the file.
 *
 * @throws Error for one in float8 whose numbers mean something only together with a scale, which is not applied
 */
export async function readUnscaled(file: TensorFile, name: string): Promise<SafetensorsEntry> {
  const { dtype } = file.tensors.get(name)!;
  const scale = [`${name}_scale`, `${name}_scale_inv`, `${name.replace(/weight$/, '')}scale_weight`, `${name}.scale`];
  const found = dtype.startsWith('F8') ? scale.find((other) => file.tensors.has(other)) : undefined;
  if (found !== undefined)
    throw new Error(
      `checkpoint: ${file.name}: ${name} is in float8 with a scale of its own (${found}), which is not read; save it as bfloat16 or float32`,
    );
  return await file.read(name);
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
