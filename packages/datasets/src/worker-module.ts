import { fileURLToPath } from 'node:url';

/** A module for a worker thread to import, and the flags that Node needs for it. */
export interface WorkerModule {
  readonly filename: string;
  readonly execArgv: string[];
}

/** The worker beside the built package; or, where this runs from TypeScript (in this repository), the one that loads the source. */
export function workerModule(): WorkerModule {
  const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
  return import.meta.url.endsWith('.ts')
    ? { filename: at('./log-mel-worker.source.mjs'), execArgv: ['--conditions=@audio-ssl/source'] }
    : { filename: at('./log-mel-worker.js'), execArgv: [] };
}
