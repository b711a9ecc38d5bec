import { startBackend, type BackendName } from '@audio-ssl/backend';

/** Vitest setup file: starts the backend named by the environment variable AUDIO_SSL_BACKEND, else the best there is. */
const wanted = process.env['AUDIO_SSL_BACKEND'] as BackendName | undefined;
const { name, why } = await startBackend(wanted ? { prefer: wanted } : {});
if (wanted && name !== wanted) throw new Error(`AUDIO_SSL_BACKEND is ${wanted}, but ${name} was started: ${why}`);
