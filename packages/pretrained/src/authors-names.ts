import { isTransposed, toTheirPath } from './name-tables.js';

/** A parameter's place in the authors' state dict. */
export interface AuthorsName {
  readonly name: string;
  /** Whether the authors hold it as (out, in): every dense kernel and the directions of the head's last layer. */
  readonly transposed: boolean;
}

/**
 * The authors' name of a parameter of the student.
 *
 * The teacher's encoder and head have the names of the student's without the first part.
 *
 * @param path of a leaf of `Student` of `@audio-ssl/matpac`.
 * @example
 * authorsName('encoder.blocks.0.attn.qkv.kernel'); // { name: 'student_encoder.blocks.0.attn.qkv.weight', transposed: true }
 */
export function authorsName(path: string): AuthorsName {
  return { name: toTheirPath(`student.${path}`, 'matpac') ?? path, transposed: isTransposed(path) };
}
