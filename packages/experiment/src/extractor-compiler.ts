import type { StartedBackend } from '@audio-ssl/backend';
import { compile } from '@audio-ssl/compile';
import type { Compiler } from '@audio-ssl/pretrained';
import { join } from 'node:path';

/** The `compile` of an extractor, with the graphs kept in the backend's cache, so that the next process starts sooner. */
export function extractorCompiler(backend: StartedBackend | undefined): Compiler {
  return (fn) => compile(fn, backend && { cacheFolder: join(backend.cacheFolder, 'graphs') });
}
