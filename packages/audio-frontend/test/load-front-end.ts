import { vi } from 'vitest';
import type * as frontEnd from '../src/index.js';

const { WebAssembly } = globalThis as unknown as { WebAssembly: object }; // of which Node's types know little

/** The modules of the front end, loaded afresh where `WebAssembly` is what is given; and whether they have the kernel. */
export async function loadFrontEnd(webAssembly: unknown): Promise<typeof frontEnd & { kernel: boolean }> {
  vi.resetModules();
  vi.stubGlobal('WebAssembly', webAssembly);
  try {
    const { findKernel } = await import('../src/kernel.js');
    const kernel = findKernel() !== undefined;
    return { ...(await import('../src/index.js')), kernel };
  } finally {
    vi.unstubAllGlobals();
  }
}

/** The two that there are, for `describe.each`. */
export const frontEnds = [
  ['kernel', await loadFrontEnd(WebAssembly)],
  ['TypeScript', await loadFrontEnd(undefined)],
] as const;
