import { fusedOperations, type FusedOperation } from '@audio-ssl/params';

const byKernel: ReadonlyMap<string, FusedOperation> = new Map(
  Object.values(fusedOperations).map((operation) => [operation.op, operation]),
);

/** What is known of a kernel by its name; `undefined` for TensorFlow's own operations. */
export function fusedOperation(kernel: string): FusedOperation | undefined {
  return byKernel.get(kernel);
}
