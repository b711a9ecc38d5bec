import type { StartedBackend } from '@audio-ssl/backend';
import * as tf from '@tensorflow/tfjs-core';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';
import { promisify } from 'node:util';

/**
 * Where a run runs, by name: versions, backend, system, processor, memory, and the commit of the current folder.
 *
 * @param backend what `startBackend` returned; without it the environment names the backend that TensorFlow.js runs on
 * @example
 * const { backend, node } = await describeEnvironment(await startBackend());
 */
export async function describeEnvironment(backend?: StartedBackend): Promise<Record<string, string>> {
  const processors = cpus();
  const commit = await gitCommit();
  return {
    'audio-ssl': (createRequire(import.meta.url)('../package.json') as { version: string }).version,
    backend: backend ? `${backend.name} ${backend.version} (${backend.device})` : tf.getBackend() || 'none',
    'TensorFlow.js': tf.version_core,
    node: process.version,
    system: `${process.platform} ${release()} ${process.arch}`,
    processor: `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    ...(commit === undefined ? {} : { 'git commit': commit }),
  };
}

/** The commit of the current folder, with `+` when files differ from it. */
async function gitCommit(): Promise<string | undefined> {
  const git = async (...args: string[]): Promise<string> => (await promisify(execFile)('git', args)).stdout.trim();
  try {
    return `${await git('rev-parse', 'HEAD')}${(await git('status', '--porcelain', '--untracked-files=no')) === '' ? '' : '+'}`;
  } catch {
    return undefined;
  }
}
