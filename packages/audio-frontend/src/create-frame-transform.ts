import type { FrameTransform } from './frame-transform.js';
import { createKernelTransform } from './frames-by-kernel.js';
import { createReferenceTransform } from './frames-by-reference.js';
import { findKernel } from './kernel.js';
import type { LogMelOptions } from './log-mel-options.js';

/** Prepares log-mels of frames: by the kernel where there is one that knows these options, else by the reference. */
export function createFrameTransform(options: LogMelOptions): FrameTransform {
  const kernel = findKernel();
  return (kernel && createKernelTransform(options, kernel)) ?? createReferenceTransform(options);
}
