import { setupNative, type SetupProgress } from '@audio-ssl/backend';
import { inFlags } from './in-flags.js';
import { printLine } from './progress-bar.js';

/** The options of {@link setupBackend}. */
export interface SetupBackendOptions {
  /** The CUDA build of TensorFlow, or the one for the processor; by default the one in use. */
  readonly gpu?: boolean | undefined;
  /** Build again although there is a build. */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds the native backend unless it is there, and names each stage on standard error. Where it can't be built it says
 * why, with the next step, and wasm will be used.
 *
 * @returns whether the native backend is there, and how long it took
 * @example
 * const { native, seconds } = await setupBackend();
 */
export async function setupBackend({ gpu, force, signal }: SetupBackendOptions = {}): Promise<{
  readonly native: boolean;
  readonly seconds: number;
}> {
  const began = performance.now();
  const result = await setupNative({
    ...(gpu === undefined ? {} : { gpu }),
    ...(force === undefined ? {} : { force }),
    ...(signal && { signal }),
    onProgress: progressLines(),
  });
  const seconds = (performance.now() - began) / 1000;
  printLine(inFlags(result.ok ? result.message : `${result.message}\n  ${result.next}`));
  return { native: result.ok, seconds };
}

/** Writes each stage once, and its bytes every tenth of the way. */
function progressLines(): (progress: SetupProgress) => void {
  let last = '';
  let tenth = -1;
  return ({ stage, message, bytes, total }) => {
    if (`${stage}${message}` !== last && bytes === undefined) {
      printLine(`setup: ${message}`);
      last = `${stage}${message}`;
      tenth = -1;
    }
    if (bytes === undefined || !total) return;
    const now = Math.floor((10 * bytes) / total);
    if (now !== tenth) printLine(`setup: ${message}  ${(bytes / 1e6).toFixed(0)} of ${(total / 1e6).toFixed(0)} MB`);
    tenth = now;
  };
}
