import { type Setting, variants, type VariantName, withSettings } from '@audio-ssl/matpac';

/**
 * The settings in which a variant differs from another one. Learning rate and warm-up are left to the user's settings: they
 * depend on the batch and the length of a run.
 *
 * @param to a name that is not a variant's changes nothing; the schema of the configuration refuses it
 */
export function variantChanges(from: VariantName, to: string | undefined): Setting {
  if (to === undefined || !Object.hasOwn(variants, to)) return {};
  const { learningRate, warmup } = variants[from].optimizer;
  return changes(
    variants[from],
    withSettings<object>(variants[to as VariantName], { optimizer: { learningRate, warmup } }),
  );
}

/** The values of `after` that `before` has not, group by group. */
function changes(before: object, after: object): object {
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.fromEntries(
    Object.entries(after).flatMap(([key, value]: [string, unknown]) => {
      const was = old.get(key);
      if (isGroup(was) && isGroup(value)) return [[key, changes(was, value)]];
      return was === value ? [] : [[key, value]];
    }),
  );
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
