import { type BackendName, startBackend } from '@audio-ssl/backend';

const names: readonly string[] = ['tensorflow', 'wasm', 'cpu'] satisfies readonly BackendName[];

/**
 * Starts the best backend of the machine (`AUDIO_SSL_BACKEND` asks for another one) and says which on standard error.
 *
 * @returns the backend in words, for reports
 */
export async function startForTraining(): Promise<string> {
  const asked = process.env.AUDIO_SSL_BACKEND;
  const started = await startBackend(
    asked !== undefined && names.includes(asked) ? { prefer: asked as BackendName } : {},
  );
  console.error(`backend: ${started.name}${started.why ? ` (${started.why})` : ''}`);
  return started.name;
}
