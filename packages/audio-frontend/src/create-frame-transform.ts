import type { FrameTransform } from './frame-transform.js';
import { createReferenceTransform } from './frames-by-reference.js';
import type { LogMelOptions } from './log-mel-options.js';

/** Prepares the fastest transform that there is for these options. */
export function createFrameTransform(options: LogMelOptions): FrameTransform {
  return createReferenceTransform(options);
}
