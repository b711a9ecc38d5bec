/** Where a parameter stands in the authors' state dict. */
export interface AuthorsName {
  readonly name: string;
  /** Whether the authors hold it as (out, in): every dense kernel and the directions of the head's last layer. */
  readonly transposed: boolean;
}

const prefixes: readonly (readonly [ours: RegExp, authors: string])[] = [
  [/^encoder\./, 'student_encoder.'],
  [/^predictor\.mask_token$/, 'decoder.mask_token'],
  [/^predictor\./, 'decoder.decoder_'],
  [/^projection\./, 'decoder.decoder_pred.'],
  [/^hypotheses\./, 'mcl_heads.mcl_heads.'],
  [/^head\./, 'cls_student_head.'],
];

/**
 * The authors' name of a parameter of the student. Parts that are not listed keep their names: patch embedding, class
 * token, and everything inside a block.
 *
 * The teacher's encoder and head have the names of the student's without the first part.
 *
 * @param path of a leaf of {@link Student}.
 * @example
 * authorsName('encoder.blocks.0.attn.qkv.kernel'); // { name: 'student_encoder.blocks.0.attn.qkv.weight', transposed: true }
 */
export function authorsName(path: string): AuthorsName {
  const found = prefixes.find(([ours]) => ours.test(path));
  const renamed = found ? path.replace(found[0], found[1]) : path;
  return {
    name: renamed
      .replace(/\.kernel$/, '.weight')
      // Between the head's dense layers stands a GELU without parameters, which the authors count.
      .replace(/(cls_student_head\.mlp\.)(\d+)/, (_, start: string, layer: string) => `${start}${2 * Number(layer)}`),
    transposed: /\.kernel$|\.weight_v$/.test(path),
  };
}
