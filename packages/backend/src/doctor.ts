import { availableParallelism, cpus, totalmem } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { compiler, COMPILER_NEXT } from './compile-binding.js';
import { cacheFolder, findBuilds, findNodePackage } from './native-build.js';
import { runCommand } from './run-command.js';
import { startBackend, type StartedBackend, type StartOptions } from './start-backend.js';

/** What {@link doctor} finds out about this machine. */
export interface DoctorReport {
  readonly node: string;
  /** For example `linux x64`. */
  readonly platform: string;
  readonly processor: string;
  /** Bytes. */
  readonly memory: number;
  readonly tfjs: string;
  /** The version of `@tensorflow/tfjs-node-gpu`, if it is installed. */
  readonly tfjsNode?: string;
  readonly backend: StartedBackend;
  /** Threads that a matrix product uses. */
  readonly threads: number;
  /** Speed of a product of two square float32 matrices, 10^9 operations a second. */
  readonly gflops: number;
  readonly cacheFolder: string;
  /** The flavours of the native backend that have been built here. */
  readonly builds: readonly ('cpu' | 'gpu')[];
  /** The first line that each tool of the set-up prints, or `undefined` where it is missing. */
  readonly tools: { readonly python3?: string; readonly pip?: string; readonly compiler?: string };
  /** What is missing for the best backend, with the next step. */
  readonly missing: readonly { readonly what: string; readonly next: string }[];
}

/**
 * Starts the best backend and reports versions, device, threads, speed, and what a better backend lacks.
 *
 * @throws Error when no backend starts.
 * @example
 * ```ts
 * const { backend, gflops, missing } = await doctor();
 * console.log(backend.name, gflops.toFixed(0), 'GFLOP/s', missing);
 * ```
 */
export async function doctor(options: StartOptions = {}): Promise<DoctorReport> {
  const backend = await startBackend(options);
  const [python3, pip, cxx] = await Promise.all([
    firstLine('python3', '--version'),
    firstLine('python3', '-m', 'pip', '--version'),
    firstLine(compiler(), '--version'),
  ]);
  const nodePackage = findNodePackage();
  const missing: { what: string; next: string }[] = [];
  const native = backend.name === 'tensorflow';
  if (!native && process.platform !== 'linux') {
    missing.push({
      what: 'Linux, the only system that the native backend is built for',
      next: 'continue with wasm, or use a container or WSL',
    });
  } else if (!native && (options.prefer ?? 'tensorflow') === 'tensorflow') {
    if (!python3) missing.push({ what: 'python3', next: 'install python3' });
    else if (!pip)
      missing.push({ what: 'pip for python3', next: 'install python3-pip, or run `python3 -m ensurepip`' });
    if (!cxx) missing.push({ what: 'a C++ compiler', next: COMPILER_NEXT });
    // `why` ends in a next step where there is one other than this
    const next = 'run `setupNative`';
    missing.push({ what: `the native backend: ${backend.why.replace(`; ${next}`, '')}`, next });
  }
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memory: totalmem(),
    tfjs: tf.version_core,
    ...(nodePackage ? { tfjsNode: nodePackage.version } : {}),
    backend,
    threads: native ? Number(process.env['TF_NUM_INTRAOP_THREADS']) || availableParallelism() : 1,
    gflops: await matmulSpeed(backend.name === 'cpu' ? 128 : 768),
    cacheFolder: cacheFolder(),
    builds: nodePackage ? findBuilds(nodePackage.version).map((build) => build.flavour) : [],
    tools: { ...(python3 ? { python3 } : {}), ...(pip ? { pip } : {}), ...(cxx ? { compiler: cxx } : {}) },
    missing,
  };
}

/** The best of several products of two (size, size) matrices in about half a second, in GFLOP/s. */
async function matmulSpeed(size: number): Promise<number> {
  const [a, b] = [tf.randomUniform([size, size]), tf.randomUniform([size, size])];
  let best = Infinity;
  for (const end = performance.now() + 500; performance.now() < end;) {
    const start = performance.now();
    const product = tf.matMul(a, b);
    await product.data(); // a GPU works on after the call returns
    best = Math.min(best, performance.now() - start);
    product.dispose();
  }
  tf.dispose([a, b]);
  return (2 * size ** 3) / best / 1e6;
}

async function firstLine(command: string, ...args: string[]): Promise<string | undefined> {
  const { ok, stdout } = await runCommand(command, args);
  return ok ? stdout.split('\n')[0]!.trim() : undefined;
}
