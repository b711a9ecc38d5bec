import type { TensorFile } from '@audio-ssl/tensor-files';

/** What PyTorch's wrappers put into names, before a model or anywhere inside it: DDP, compile, FSDP, activation checkpointing. */
const wrappers = new Set([
  'module',
  '_orig_mod',
  '_fsdp_wrapped_module',
  '_checkpoint_wrapped_module',
  '_forward_module',
  '_fpw_module',
]);

/** Weight norm as a parametrization: the length and the directions, which are `weight_g` and `weight_v` otherwise. */
const PARAMETRIZED = /(^|\.)parametrizations\.(\w+)\.original([01])$/;

/** The name of a tensor without what wrappers put into it, weight norm under its older names. */
export function bareName(name: string): string {
  const bare = name
    .split('.')
    .filter((part) => !wrappers.has(part))
    .join('.');
  return bare.replace(PARAMETRIZED, (_, start: string, what: string, index: string) => {
    return `${start}${what}_${index === '0' ? 'g' : 'v'}`;
  });
}

/** The names of a file's tensors by their bare names. */
export interface BareNames {
  readonly names: ReadonlyMap<string, string>;
  /** Bare names that two tensors have, which may differ: with the second one's name. */
  readonly twice: ReadonlyMap<string, string>;
}

/** See {@link bareName}. */
export function bareNames({ tensors }: Pick<TensorFile, 'tensors'>): BareNames {
  const names = new Map<string, string>();
  const twice = new Map<string, string>();
  for (const name of tensors.keys()) {
    const bare = bareName(name);
    if (names.has(bare)) twice.set(bare, name);
    else names.set(bare, name);
  }
  return { names, twice };
}
