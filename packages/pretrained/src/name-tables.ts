/** Whose names the parameters of a file have: ours, those of the authors of MATPAC, or those of M2D (and timm). */
export type Naming = 'audio-ssl' | 'matpac' | 'm2d';

/** One row: a beginning in a file, and the same place in a `MatpacState`. The first row that fits counts. */
type Row = readonly [theirs: string, ours: string];

/**
 * The mapping of each family, one table each: names in a file against paths in our state, where `student.encoder` is the
 * student's stack of blocks. Inside a block all share timm's names.
 */
const tables: Readonly<Record<Exclude<Naming, 'audio-ssl'>, readonly Row[]>> = {
  matpac: [
    ['cls_token', 'student.cls_token'],
    ['patch_embed.', 'student.patch_embed.'],
    ['student_encoder.', 'student.encoder.'],
    ['decoder.mask_token', 'student.predictor.mask_token'],
    ['decoder.decoder_pred.', 'student.projection.'],
    ['decoder.decoder_', 'student.predictor.'],
    ['mcl_heads.mcl_heads.', 'student.hypotheses.'],
    ['cls_student_head.', 'student.head.'],
    ['cls_head_loss.center', 'center'],
    ['_ema.', 'teacher.encoder.'],
    ['_cls_head_ema.', 'teacher.head.'],
    ['head_norm.', 'classifier.norm.'],
    ['head.', 'classifier.'],
    ['probe.', 'classifier.'],
  ],
  m2d: [
    ['cls_token', 'student.cls_token'],
    ['patch_embed.', 'student.patch_embed.'],
    ['blocks.', 'student.encoder.blocks.'],
    ['norm.', 'student.encoder.norm.'],
    ['target_blocks.', 'teacher.encoder.blocks.'],
    ['target_norm.', 'teacher.encoder.norm.'],
    ['mask_token', 'student.predictor.mask_token'],
    ['decoder_pred.', 'student.projection.'],
    ['decoder_', 'student.predictor.'],
    ['head_norm.', 'classifier.norm.'],
    ['head.', 'classifier.'],
  ],
};

/** Tensors that are computed from the sizes, so that they are computed again and not mapped. */
const FIXED = /^(pos_embed|decoder\.decoder_pos_embed|decoder_pos_embed|log_mel\..*|head_norm\.num_batches_tracked)$/;

/** Whether a name of the authors or of M2D is of something that our code computes: positions, tables of the front end. */
export function isComputed(name: string): boolean {
  return FIXED.test(name);
}

/**
 * The path in our state of a name in a file.
 *
 * @param rank number of axes of the tensor: a `weight` of two or more is a dense kernel, one of one axis a norm's.
 * @returns `undefined` for a name that has no place in it.
 */
export function toOurPath(name: string, rank: number, naming: Naming): string | undefined {
  if (naming === 'audio-ssl') return name;
  const row = tables[naming].find(([theirs]) => name.startsWith(theirs));
  if (!row) return undefined;
  return name
    .replace(row[0], row[1])
    .replace(/^(\w+\.head\.mlp\.)(\d+)/, (_, start: string, layer: string) => `${start}${Number(layer) / 2}`)
    .replace(/^(classifier\.norm\.)running_/, '$1')
    .replace(/\.weight$/, rank > 1 ? '.kernel' : '.weight');
}

/**
 * The name in a file of a path in our state.
 *
 * @returns `undefined` for a part that the family does not have.
 */
export function toTheirPath(path: string, naming: Naming): string | undefined {
  if (naming === 'audio-ssl') return path;
  const row = tables[naming].find(([, ours]) => path.startsWith(ours));
  if (!row) return undefined;
  return path
    .replace(/^(classifier\.norm\.)(mean|var)$/, '$1running_$2')
    .replace(row[1], row[0])
    .replace(
      /((?:cls_student_head|_cls_head_ema)\.mlp\.)(\d+)/,
      (_, start: string, layer: string) => `${start}${2 * Number(layer)}`,
    )
    .replace(/\.kernel$/, '.weight');
}

/** Whether the others hold a parameter as (out, in): every dense kernel, and the directions of a head's last layer. */
export function isTransposed(path: string): boolean {
  return /\.kernel$|\.weight_v$/.test(path);
}
