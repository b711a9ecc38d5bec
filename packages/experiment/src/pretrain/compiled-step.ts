import type { StartedBackend } from '@audio-ssl/backend';
import { compile, type Precision } from '@audio-ssl/compile';
import type { Scalar, TensorTree } from '@audio-ssl/params';
import type { MaskedBatch } from '@audio-ssl/vit';
import { graphFolder } from '../cache-folders.js';
import type { Method } from './method.js';

/** The step of a method as one graph, where the backend has graphs. It takes the state that it is given. */
export function compiledStep(
  method: Pick<Method, 'step'>,
  { precision, backend }: { readonly precision: Precision; readonly backend?: StartedBackend | undefined },
) {
  return compile(
    (state: TensorTree, batch: MaskedBatch, scalars: Readonly<Record<string, Scalar>>) => {
      const { state: next, metrics } = method.step(state, batch, scalars);
      return { state: next, metrics };
    },
    { donate: [0], precision, cacheFolder: graphFolder(backend) },
  );
}
