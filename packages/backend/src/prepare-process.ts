import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** What TensorFlow reads from the environment when its library is loaded; what the user has set stays. */
const DEFAULTS = {
  // Errors only: information and warnings about the processor go to standard error otherwise.
  TF_CPP_MIN_LOG_LEVEL: '2',
  // tfjs-node makes its context with default options, which take nearly all memory of every GPU.
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
} as const;

/** Sets the environment and mends `node:util` so that tfjs-node 4.22 can be loaded; call it before that. */
export function prepareProcess(): void {
  for (const [name, value] of Object.entries(DEFAULTS)) process.env[name] ??= value;
  // tfjs-node calls both in every kernel. Node 23 dropped the first, Node 22 warns; the mutable CommonJS object is what it sees.
  const util = require('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
  util['isArray'] = Array.isArray;
}
