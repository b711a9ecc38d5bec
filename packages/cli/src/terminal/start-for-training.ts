import { type BackendName, startBackend, type StartedBackend } from '@audio-ssl/backend';
import { InputError } from '@audio-ssl/experiment';
import { inFlags } from './in-flags.js';
import { printLine } from './progress-bar.js';

const names: readonly string[] = ['tensorflow', 'wasm', 'cpu'] satisfies readonly BackendName[];

/**
 * Starts the best backend of the machine (`AUDIO_SSL_BACKEND` asks for another one) and says which on standard error.
 *
 * @throws InputError for a name that is not one of a backend
 * @example
 * const backend = await startForTraining();
 */
export async function startForTraining(): Promise<StartedBackend> {
  const asked = process.env.AUDIO_SSL_BACKEND;
  if (asked !== undefined && !names.includes(asked))
    throw new InputError(`AUDIO_SSL_BACKEND: expected one of ${names.join(', ')}, got ${JSON.stringify(asked)}`);
  const backend = await startBackend(asked === undefined ? {} : { prefer: asked as BackendName });
  printLine(`backend: ${backend.name} ${backend.version} (${backend.device}); ${inFlags(backend.why)}`);
  return backend;
}
