import type { Trace, TracedOperation } from './trace.js';

/** The fused operations of `@audio-ssl/backend` that can write over their inputs: positions of those. */
const OVERWRITTEN: Readonly<Record<string, readonly number[]>> = { AudioSslAdamW: [0, 2, 3], AudioSslAverage: [0] };

/**
 * Operations whose results are surely memory of their own. Others may hand on their input's, as a reshape does: who reads
 * their result reads the argument.
 */
const FRESH =
  /^(Add|AddV2|Sub|Mul|RealDiv|Square|Sqrt|Rsqrt|Exp|Log|Maximum|Minimum|Greater|Neg|Reciprocal|Softmax|MatMul|BatchMatMulV2|GatherV2|UnsortedSegmentSum|AudioSsl(?!After).*)$/;

/**
 * The operations that may write over donated arguments, each with the operations that must have read them before.
 *
 * An update overwrites its inputs when all of them are donated arguments and no other reader needs the update's own
 * result first; with any such reader nothing is overwritten.
 *
 * @param donated ids of the arguments whose memory is given away.
 * @returns operations by position in the trace, with the positions of those that go before.
 */
export function inPlace({ operations }: Trace, donated: ReadonlySet<number>): ReadonlyMap<number, readonly number[]> {
  const direct = new Map<number, number[]>();
  for (const [at, { inputs }] of operations.entries()) {
    for (const id of new Set(inputs)) direct.set(id, [...(direct.get(id) ?? []), at]);
  }
  const readersOf = (id: number): number[] =>
    (direct.get(id) ?? []).flatMap((at) => {
      const { op, outputs } = operations[at]!;
      return FRESH.test(op) ? [at] : [at, ...outputs.flatMap(readersOf)];
    });
  const found = new Map<number, readonly number[]>();
  for (const [at, { op, inputs }] of operations.entries()) {
    const overwritten = (OVERWRITTEN[op] ?? []).map((position) => inputs[position]!);
    const distinct = new Set(overwritten).size === overwritten.length;
    if (overwritten.length === 0 || !distinct || !overwritten.every((id) => donated.has(id))) continue;
    found.set(
      at,
      [...new Set(overwritten.flatMap(readersOf))].filter((reader) => reader !== at),
    );
  }
  return isAcyclic(operations, found) ? found : new Map();
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
