import { type BackendName, startBackend, type StartedBackend } from '@audio-ssl/backend';
import { InputError } from '@audio-ssl/experiment';

const names: readonly string[] = ['tensorflow', 'wasm', 'cpu'] satisfies readonly BackendName[];

/**
 * Starts the best backend of the machine (`AUDIO_SSL_BACKEND` asks for another one) and says which on standard error.
 *
 * @returns the backend's name, and all about it in words, for reports
 */
export async function startForTraining(): Promise<{ readonly name: BackendName; readonly words: string }> {
  const asked = process.env.AUDIO_SSL_BACKEND;
  if (asked !== undefined && !names.includes(asked))
    throw new InputError(`AUDIO_SSL_BACKEND: expected one of ${names.join(', ')}, got ${JSON.stringify(asked)}`);
  const started: StartedBackend = await startBackend(asked === undefined ? {} : { prefer: asked as BackendName });
  const words = `${started.name} ${started.version} (${started.device})`;
  console.error(`backend: ${words}; ${started.why}`);
  return { name: started.name, words };
}
