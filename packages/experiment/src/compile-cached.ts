import { join } from 'node:path';
import { cacheFolder } from '@audio-ssl/backend';
import { compile, type Compiled, type CompileOptions } from '@audio-ssl/compile';
import type { TensorTree } from '@audio-ssl/params';

/** `compile` with what it finds kept beside the native backend, so that the next command starts sooner. */
export function compileCached<Args extends readonly TensorTree[], Result extends TensorTree>(
  fn: (...args: Args) => Result,
  options: Omit<CompileOptions, 'cacheFolder'> = {},
): Compiled<Args, Result> {
  return compile(fn, { ...options, cacheFolder: join(cacheFolder(), 'graphs') });
}
