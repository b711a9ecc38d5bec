import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { completeWasm } from './wasm-kernels.js';

/** The backends that audio-ssl trains on in Node, best first. */
export type BackendName = 'tensorflow' | 'wasm' | 'cpu';

const require = createRequire(import.meta.url);

export async function startBackend({ prefer = 'tensorflow' }: { readonly prefer?: BackendName } = {}): Promise<{
  readonly name: BackendName;
  readonly why: string;
}> {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const util = require('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
  const order: readonly BackendName[] = ['tensorflow', 'wasm', 'cpu'];
  const failures: string[] = [];
  await import('@tensorflow/tfjs');
  const cpu = tf.engine().findBackend('cpu') as unknown as { firstUse: boolean };
  cpu.firstUse = false;
  for (const name of order.slice(order.indexOf(prefer))) {
    try {
      if (name === 'tensorflow') require('@tensorflow/tfjs-node-gpu');
      if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
      if (!(await tf.setBackend(name))) throw new Error('no');
      if (name === 'wasm') completeWasm(tf.backend());
      return { name, why: failures.join('; ') };
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message}`);
    }
  }
  throw new Error(`startBackend: no backend starts: ${failures.join('; ')}`);
}
