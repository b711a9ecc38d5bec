import { fusedOperation } from './fused.js';
import type { Trace, TracedOperation } from './trace.js';

/** The inputs that an operation can overwrite; none for TensorFlow's own operations. */
function targetsOf({ op, inputs }: TracedOperation): number[] {
  const { inputs: names = [], overwrites = [] } = fusedOperation(op) ?? {};
  return overwrites.map((name) => inputs[names.indexOf(name)]!);
}

/**
 * TensorFlow's operations whose results always have memory of their own. Others may pass on their input's, as a reshape
 * does, or be simplified away, as a second `Neg`; what reads their result then reads the argument. (Arithmetic with 0 or
 * 1 is safe: next to an attribute `in_place`, TensorFlow's optimiser replaces it by a copy.)
 */
const FRESH =
  /^(Add|AddV2|Sub|Mul|RealDiv|Square|Sqrt|Rsqrt|Exp|Log|Maximum|Minimum|Greater|Softmax|MatMul|BatchMatMulV2|GatherV2|UnsortedSegmentSum)$/;

function mayShare(op: string): boolean {
  const operation = fusedOperation(op);
  return operation ? operation.shares !== undefined : !FRESH.test(op);
}

/** What is overwritten in one call of a graph, and what may be overwritten in the next. */
export interface InPlace {
  /** Operations that overwrite their inputs, by position in the trace, with the positions of those that must run before. */
  readonly updates: ReadonlyMap<number, readonly number[]>;
  /** Ids of the arguments that they overwrite. */
  readonly overwritten: ReadonlySet<number>;
  /** Ids of the results that share their memory with nothing else: an update made them, and no other result shows it. */
  readonly own: ReadonlySet<number>;
}

/**
 * Which updates may run in the memory of donated arguments.
 *
 * An update overwrites its inputs when all of them are donated arguments that no result shows. It runs after all other
 * readers of those; where such a reader needs an update's result first, nothing is overwritten.
 *
 * @param donated ids of the arguments whose memory is given away.
 */
export function inPlace({ operations, results }: Trace, donated: ReadonlySet<number>): InPlace {
  const direct = new Map<number, number[]>();
  for (const [at, { inputs }] of operations.entries()) {
    for (const id of new Set(inputs)) direct.set(id, [...(direct.get(id) ?? []), at]);
  }
  const readersOf = (id: number): readonly number[] => direct.get(id) ?? [];
  /** The id, and all ids that may share its memory. */
  const sharing = (id: number, found = new Set<number>()): ReadonlySet<number> => {
    if (found.has(id)) return found;
    found.add(id);
    for (const at of readersOf(id)) {
      const { op, outputs } = operations[at]!;
      if (mayShare(op)) for (const output of outputs) sharing(output, found);
    }
    return found;
  };
  const shown = (id: number): number => {
    const shared = sharing(id);
    return results.filter((result) => shared.has(result)).length;
  };

  const updates = new Map<number, readonly number[]>();
  const overwritten = new Set<number>();
  const own = new Set<number>();
  for (const [at, operation] of operations.entries()) {
    const targets = targetsOf(operation);
    if (targets.length === 0) continue;
    for (const id of operation.outputs) if (shown(id) === 1) own.add(id);
    const distinct = new Set(targets).size === targets.length;
    if (!distinct || !targets.every((id) => donated.has(id) && shown(id) === 0)) continue;
    const readers = targets.flatMap((id) => [...sharing(id)].flatMap(readersOf));
    updates.set(
      at,
      [...new Set(readers)].filter((reader) => reader !== at),
    );
    for (const id of targets) overwritten.add(id);
  }
  return isAcyclic(operations, updates)
    ? { updates, overwritten, own }
    : { updates: new Map(), overwritten: new Set(), own };
}

function isAcyclic(operations: readonly TracedOperation[], before: ReadonlyMap<number, readonly number[]>): boolean {
  const maker = new Map(operations.flatMap(({ outputs }, at) => outputs.map((id) => [id, at] as const)));
  const waits = operations.map(({ inputs }, at) => [
    ...inputs.flatMap((id) => maker.get(id) ?? []),
    ...(before.get(at) ?? []),
  ]);
  const missing = waits.map((list) => list.length);
  const wakes = new Map<number, number[]>();
  for (const [at, list] of waits.entries())
    for (const other of list) wakes.set(other, [...(wakes.get(other) ?? []), at]);
  const ready = missing.flatMap((count, at) => (count === 0 ? [at] : []));
  let done = 0;
  for (let at = ready.pop(); at !== undefined; at = ready.pop(), done++) {
    for (const next of wakes.get(at) ?? []) if (--missing[next]! === 0) ready.push(next);
  }
  return done === operations.length;
}
