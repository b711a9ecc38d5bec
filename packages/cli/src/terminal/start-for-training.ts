import { startBackend, type StartedBackend } from '@audio-ssl/backend';
import { askedBackend } from './asked-backend.js';
import { inFlags } from './in-flags.js';
import { printLine } from './progress-bar.js';

/**
 * Starts the best backend of the machine (`AUDIO_SSL_BACKEND` asks for another one) and says which on standard error.
 *
 * @throws InputError for a name that is not one of a backend
 * @example
 * const backend = await startForTraining();
 */
export async function startForTraining(): Promise<StartedBackend> {
  const backend = await startBackend(askedBackend());
  printLine(`backend: ${backend.name} ${backend.version} (${backend.device}); ${inFlags(backend.why)}`);
  return backend;
}
