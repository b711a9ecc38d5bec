/** Anything with a shape: a tensor, an array of a file, an entry of its table of contents. */
export interface Shaped {
  readonly shape: readonly number[];
}

/** How named arrays differ from what a tree needs; all three are empty when they fit. */
export interface Fit {
  /** Paths of the tree that nothing was found for. */
  readonly missing: readonly string[];
  /** Names that the tree has no place for. */
  readonly leftOver: readonly string[];
  /** Arrays of another shape. */
  readonly wrong: readonly {
    readonly path: string;
    readonly shape: readonly number[];
    readonly expected: readonly number[];
  }[];
}

/**
 * Compares named arrays with the leaves of a tree, before anything is read.
 *
 * @param template the leaves that are needed: `leaves(tree)`, or shapes by path.
 * @param found what there is, by path.
 * @example
 * const { missing, wrong } = fitTree(leaves(model), file.tensors);
 */
export function fitTree(template: Iterable<readonly [string, Shaped]>, found: ReadonlyMap<string, Shaped>): Fit {
  const wanted = new Map(template);
  return {
    missing: [...wanted.keys()].filter((path) => !found.has(path)),
    leftOver: [...found.keys()].filter((path) => !wanted.has(path)),
    wrong: [...wanted].flatMap(([path, { shape: expected }]) => {
      const shape = found.get(path)?.shape;
      return shape === undefined || shape.join() === expected.join() ? [] : [{ path, shape, expected }];
    }),
  };
}

/**
 * The differences in words, for an error message; empty when there are none.
 *
 * @param most differences to list; the rest is counted.
 * @example
 * describeFit(fit); // 'norm.bias' is missing, 'extra' is left over, 'norm.weight' is [17], expected [16]
 */
export function describeFit({ missing, leftOver, wrong }: Fit, most = 6): string {
  const problems = [
    ...missing.map((path) => `'${path}' is missing`),
    ...leftOver.map((path) => `'${path}' is left over`),
    ...wrong.map(({ path, shape, expected }) => `'${path}' is [${shape.join('x')}], expected [${expected.join('x')}]`),
  ];
  const shown = problems.slice(0, most).join(', ');
  return problems.length > most ? `${shown}, and ${problems.length - most} more` : shown;
}
