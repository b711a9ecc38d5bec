import type { StartedBackend } from '@audio-ssl/backend';
import { join } from 'node:path';

/** Where log-mels are kept from run to run; nowhere without a backend that says where its cache is. */
export const logMelFolder = (backend: StartedBackend | undefined): string | undefined =>
  backend && join(backend.cacheFolder, 'log-mels');

/** Where the shapes of compiled graphs are kept, so that the next process starts sooner. */
export const graphFolder = (backend: StartedBackend | undefined): string | undefined =>
  backend && join(backend.cacheFolder, 'graphs');
