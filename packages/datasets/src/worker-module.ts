import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A module for a worker thread to import, and the flags that Node needs for it. */
export interface WorkerModule {
  readonly filename: string;
  readonly execArgv: string[];
}

/**
 * The worker beside the built package; or, where this runs from TypeScript (in this repository), a module that makes tsx
 * known to the thread and goes on to the source. `--import tsx` would be simpler: Node 20 ignores it in a worker.
 */
export function workerModule(): WorkerModule {
  if (!import.meta.url.endsWith('.ts')) {
    return { filename: new URL('./log-mel-worker.js', import.meta.url).href, execArgv: [] };
  }
  const tsx = dirname(createRequire(import.meta.url).resolve('tsx/package.json'));
  const code = `import { register } from '${pathToFileURL(join(tsx, 'dist/esm/api/index.mjs')).href}';
    register();
    export const { computeLogMel } = await import('${new URL('./log-mel-worker.ts', import.meta.url).href}');`;
  return {
    filename: `data:text/javascript,${encodeURIComponent(code)}`,
    execArgv: ['--conditions=@audio-ssl/source'],
  };
}
