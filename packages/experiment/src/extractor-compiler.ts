import type { StartedBackend } from '@audio-ssl/backend';
import { compile } from '@audio-ssl/compile';
import type { Compiler } from '@audio-ssl/pretrained';
import { graphFolder } from './cache-folders.js';

/** The `compile` of an extractor, with the graphs kept in the backend's cache, so that the next process starts sooner. */
export function extractorCompiler(backend: StartedBackend | undefined): Compiler {
  return (fn) => compile(fn, { cacheFolder: graphFolder(backend) });
}
