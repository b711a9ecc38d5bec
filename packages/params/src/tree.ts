import * as tf from '@tensorflow/tfjs-core';

/** Nested objects and arrays whose leaves are of one type. A leaf's identity is its path, e.g. `blocks.3.attn.qkv.kernel`. */
export type Tree<Leaf> = Leaf | readonly Tree<Leaf>[] | { readonly [name: string]: Tree<Leaf> };

/** A model, its moments or its gradients: nested objects and arrays of tensors. */
export type TensorTree = Tree<tf.Tensor>;

/** The tree `T` with every tensor replaced by `Leaf`; what is `null` stays `null`. */
export type MapLeaves<T, Leaf> = [TensorTree] extends [T]
  ? Tree<Leaf>
  : T extends tf.Tensor
    ? Leaf
    : T extends null
      ? null
      : { readonly [K in keyof T]: MapLeaves<T[K], Leaf> };

const isLeaf = (node: unknown): boolean => node === null || node instanceof tf.Tensor || typeof node !== 'object';

const join = (path: string, name: string | number): string => (path === '' ? String(name) : `${path}.${name}`);

/**
 * Every leaf with its path, depth first, in the order of the keys.
 *
 * @example
 * leaves({ norm: { weight, bias } }); // [['norm.weight', weight], ['norm.bias', bias]]
 */
export function leaves<T extends TensorTree>(tree: T): [path: string, leaf: tf.Tensor][];
export function leaves<Leaf>(tree: Tree<Leaf>): [path: string, leaf: Leaf][];
export function leaves(tree: Tree<unknown>): [string, unknown][] {
  const found: [string, unknown][] = [];
  const visit = (node: Tree<unknown>, path: string): void => {
    if (isLeaf(node)) found.push([path, node]);
    else for (const [name, child] of Object.entries(node as object)) visit(child, join(path, name));
  };
  visit(tree, '');
  return found;
}

/**
 * The tree of the same structure with `f(leaf, path)` in place of every leaf. A leaf that is `null` (a gradient that
 * does not exist) stays `null`.
 *
 * @param tree of tensors, or of leaves of another kind.
 * @example
 * mapTree(params, (leaf) => tf.zerosLike(leaf));
 */
export function mapTree<T extends Tree<tf.Tensor | null>>(tree: T, f: (leaf: tf.Tensor, path: string) => tf.Tensor): T;
export function mapTree<T extends Tree<tf.Tensor | null>, R>(
  tree: T,
  f: (leaf: tf.Tensor, path: string) => R,
): MapLeaves<T, R>;
export function mapTree<Leaf, R>(tree: Tree<Leaf>, f: (leaf: NonNullable<Leaf>, path: string) => R): Tree<R>;
export function mapTree(tree: Tree<unknown>, f: (leaf: never, path: string) => unknown): unknown {
  return walk([tree], ([leaf], path) => f(leaf as never, path));
}

/**
 * Walks trees of one structure together: the tree of the first one's structure with `f(leaves, path)` in place of every
 * leaf. A leaf of the first tree that is `null` stays `null`; those of the others may be `null` (a gradient that does
 * not exist).
 *
 * @throws Error naming the first path where the trees differ in structure.
 * @example
 * zipTrees([teacher, student], ([t, s]) => tf.add(t, s));
 */
export function zipTrees<T extends Tree<tf.Tensor | null>, L extends tf.Tensor | null>(
  trees: readonly [T, ...Tree<L>[]],
  f: (leaves: [tf.Tensor, ...L[]], path: string) => tf.Tensor,
): T;
export function zipTrees<T extends Tree<tf.Tensor | null>, R, L extends tf.Tensor | null>(
  trees: readonly [T, ...Tree<L>[]],
  f: (leaves: [tf.Tensor, ...L[]], path: string) => R,
): MapLeaves<T, R>;
export function zipTrees(trees: readonly Tree<unknown>[], f: (leaves: never, path: string) => unknown): unknown {
  return walk(trees, (found, path) => f(found as never, path));
}

function walk(nodes: readonly unknown[], f: (leaves: readonly unknown[], path: string) => unknown, path = ''): unknown {
  const [first, ...rest] = nodes;
  const at = path === '' ? 'the root' : `'${path}'`;
  if (rest.some((node) => isLeaf(node) !== isLeaf(first))) {
    throw new Error(
      `zipTrees: the trees differ at ${at}: one holds a leaf, the other a branch; were they made with the same options?`,
    );
  }
  if (first === null) return null;
  if (isLeaf(first)) return f(nodes, path);
  const names = Object.keys(first as object);
  for (const node of rest) {
    const others = Object.keys(node as object);
    const odd = names.find((name) => !others.includes(name)) ?? others.find((name) => !names.includes(name));
    if (odd !== undefined) {
      throw new Error(
        `zipTrees: '${join(path, odd)}' is in one tree and not in the other; were they made with the same options?`,
      );
    }
  }
  const child = (name: string): unknown =>
    walk(
      nodes.map((node) => (node as Record<string, unknown>)[name]),
      f,
      join(path, name),
    );
  return Array.isArray(first) ? names.map(child) : Object.fromEntries(names.map((name) => [name, child(name)]));
}

/**
 * The tree of `template`'s shape with its leaves taken by path: the inverse of {@link leaves}.
 *
 * @throws Error listing missing and left-over paths.
 * @example
 * fromLeaves(model, new Map(leaves(other))); // other's tensors in model's structure
 */
export function fromLeaves<T extends TensorTree, R>(template: T, byPath: ReadonlyMap<string, R>): MapLeaves<T, R> {
  const wanted = leaves(template).map(([path]) => path);
  const missing = wanted.filter((path) => !byPath.has(path));
  const known = new Set(wanted);
  const extra = [...byPath.keys()].filter((path) => !known.has(path));
  if (missing.length > 0 || extra.length > 0) {
    const list = (paths: string[]): string =>
      paths.slice(0, 5).join(', ') + (paths.length > 5 ? `, and ${paths.length - 5} more` : '');
    throw new Error(
      `fromLeaves: the leaves do not fit the tree;${missing.length > 0 ? ` missing: ${list(missing)};` : ''}` +
        `${extra.length > 0 ? ` left over: ${list(extra)};` : ''} were they saved with other options?`,
    );
  }
  return mapTree(template, (_, path) => byPath.get(path)!);
}

/**
 * The number of scalars in a tree's tensors.
 *
 * @example
 * countParameters({ kernel: tf.zeros([4, 2]), bias: tf.zeros([2]) }); // 10
 */
export function countParameters(tree: TensorTree): number {
  return leaves(tree).reduce((sum, [, leaf]) => sum + leaf.size, 0);
}

/**
 * Disposes every tensor of the tree; `null` leaves are passed over.
 *
 * @example
 * disposeTree(grads);
 */
export function disposeTree(tree: Tree<tf.Tensor | null>): void {
  for (const [, leaf] of leaves<tf.Tensor | null>(tree)) leaf?.dispose();
}

/**
 * A tree of new tensors that share the values of the old ones; each tree is disposed by itself.
 *
 * @example
 * const teacher = cloneTree(student);
 */
export function cloneTree<T extends TensorTree>(tree: T): T {
  return mapTree(tree, (leaf) => tf.clone(leaf));
}
