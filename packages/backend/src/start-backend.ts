import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { registerFusedKernels } from './fused-kernels.js';
import { bindingOf, cacheFolder, findNodePackage, placeMissingBinding } from './native-build.js';
import { prepareProcess } from './prepare-process.js';
import { registerGradients } from './register-gradients.js';
import { selfTest } from './self-test.js';
import { completeWasm } from './wasm-kernels.js';

/** The backends that audio-ssl runs on in Node, best first. */
export type BackendName = 'tensorflow' | 'wasm' | 'cpu';

/** What {@link startBackend} takes. */
export interface StartOptions {
  /** The backend to try first; those after it in the order `tensorflow`, `wasm`, `cpu` are what is left. Default `tensorflow`. */
  readonly prefer?: BackendName;
}

/** The backend that runs. */
export interface StartedBackend {
  readonly name: BackendName;
  /** One sentence: why this one, and what a better one lacks. */
  readonly why: string;
  /** The version of what computes: TensorFlow's, or the TensorFlow.js backend's. */
  readonly version: string;
  readonly device: 'cpu' | 'gpu';
  /** Where log-mels, compiled graphs and native builds are kept from run to run, as {@link cacheFolder}. */
  readonly cacheFolder: string;
}

const require = createRequire(import.meta.url);
const ORDER: readonly BackendName[] = ['tensorflow', 'wasm', 'cpu'];

/**
 * Starts the best TensorFlow.js backend of this machine and makes it the current one: `tensorflow` (after
 * `audio-ssl setup`), else `wasm`, else `cpu`. Registers all gradients, and tests the backend against `cpu` first.
 * Call it once, before the first tensor.
 *
 * @throws Error when no backend starts.
 * @example
 * ```ts
 * const { name, why } = await startBackend();
 * console.log(name, why);
 * ```
 */
export async function startBackend({ prefer = 'tensorflow' }: StartOptions = {}): Promise<StartedBackend> {
  const first = ORDER.indexOf(prefer);
  if (first < 0)
    throw new Error(`startBackend: expected prefer to be one of ${ORDER.join(', ')}, got ${JSON.stringify(prefer)}`);
  prepareProcess();
  registerGradients();
  await import('@tensorflow/tfjs-backend-cpu'); // registers itself in the engine that all copies of tfjs-core share
  // Says on its first tensor, otherwise, that tfjs-node would be faster.
  (tf.engine().findBackend('cpu') as unknown as { firstUse: boolean }).firstUse = false;
  const lacking: string[] = [];
  for (const name of ORDER.slice(first)) {
    try {
      const { version, device } = await starters[name]();
      if (!(await withoutNewListeners(() => tf.setBackend(name)))) throw new Error('it does not initialise');
      if (name === 'wasm') completeWasm(tf.backend());
      if (name !== 'cpu') await selfTest();
      const why =
        lacking.join('; ') || (name === prefer && first > 0 ? `${name} was asked for` : `${name} is the fastest`);
      return { name, why, version, device, cacheFolder: cacheFolder() };
    } catch (error) {
      lacking.push(`${name} is not available: ${firstLine(error)}`);
    }
  }
  throw new Error(`startBackend: ${lacking.join('; ')}`);
}

const starters: { readonly [name in BackendName]: () => Promise<Pick<StartedBackend, 'version' | 'device'>> } = {
  async tensorflow() {
    const nodePackage = findNodePackage();
    if (!nodePackage) throw new Error('@tensorflow/tfjs-node-gpu is not installed; run `setupNative`');
    placeMissingBinding(nodePackage);
    if (!existsSync(bindingOf(nodePackage)))
      throw new Error('it has not been built on this machine; run `setupNative`');
    try {
      require(nodePackage.folder);
    } catch (error) {
      throw new Error(`its library does not load (${firstLine(error)}); run \`setupNative\``, { cause: error });
    }
    const { binding, isUsingGpuDevice } = tf.engine().findBackend('tensorflow') as unknown as {
      binding: { TF_Version: string };
      isUsingGpuDevice: boolean;
    };
    if (!isUsingGpuDevice) registerFusedKernels();
    return { version: binding.TF_Version, device: isUsingGpuDevice ? 'gpu' : 'cpu' };
  },
  async wasm() {
    const { setWasmPaths, version_wasm } = await import('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(join(wasmFolder(), sep));
    return { version: version_wasm, device: 'cpu' };
  },
  async cpu() {
    return { version: tf.version_core, device: 'cpu' };
  },
};

/** The folder of the `.wasm` files: that of their package or, in a bundle without it, that of the bundle. */
function wasmFolder(): string {
  try {
    return dirname(require.resolve('@tensorflow/tfjs-backend-wasm'));
  } catch {
    return dirname(fileURLToPath(import.meta.url));
  }
}

/**
 * Emscripten's modules listen for uncaught errors to throw them again, from inside their one line of 60 kB, which Node
 * then prints in front of every message.
 */
async function withoutNewListeners<T>(start: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = events.map((event) => process.rawListeners(event));
  const result = await start();
  events.forEach((event, i) => {
    for (const listener of process.rawListeners(event)) {
      if (!before[i]!.includes(listener)) process.removeListener(event, listener as () => void);
    }
  });
  return result;
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : JSON.stringify(error)).split('\n')[0]!.trim();
