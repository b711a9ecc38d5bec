import type { BackendName } from '@audio-ssl/backend';
import { InputError } from '@audio-ssl/experiment';

const names: readonly string[] = ['tensorflow', 'wasm', 'cpu'] satisfies readonly BackendName[];

/**
 * The backend that the environment variable `AUDIO_SSL_BACKEND` asks for, as options of `startBackend` and `doctor`.
 *
 * @throws InputError for a name that is not one of a backend
 */
export function askedBackend(): { readonly prefer?: BackendName } {
  const asked = process.env.AUDIO_SSL_BACKEND;
  if (asked === undefined) return {};
  if (!names.includes(asked))
    throw new InputError(`AUDIO_SSL_BACKEND: expected one of ${names.join(', ')}, got ${JSON.stringify(asked)}`);
  return { prefer: asked as BackendName };
}
