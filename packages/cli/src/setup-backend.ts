import { doctor, setupNative, type SetupProgress } from '@audio-ssl/backend';

/** What {@link setupBackend} is asked for. */
export interface SetupBackendOptions {
  /** The CUDA build of TensorFlow, or the one for the processor; by default the one in use. */
  readonly gpu?: boolean | undefined;
  /** Build again although there is a build. */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds the native backend unless it is there, telling each stage on standard error. Where it can't be had that is
 * said with the next step, and the wasm backend will be used.
 *
 * @returns whether the native backend is there, and how long it took
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
  console.error(result.ok ? result.message : `${result.message}\n  ${result.next}`);
  return { native: result.ok, seconds };
}

/** Writes each stage once, and its bytes every tenth of the way. */
function progressLines(): (progress: SetupProgress) => void {
  let last = '';
  let tenth = -1;
  return ({ stage, message, bytes, total }) => {
    if (`${stage}${message}` !== last && bytes === undefined) {
      console.error(`setup: ${message}`);
      last = `${stage}${message}`;
      tenth = -1;
    }
    if (bytes === undefined || !total) return;
    const now = Math.floor((10 * bytes) / total);
    if (now !== tenth)
      console.error(`setup: ${message}  ${(bytes / 1e6).toFixed(0)} of ${(total / 1e6).toFixed(0)} MB`);
    tenth = now;
  };
}

/** Says what this machine runs on and what is missing, for a terminal. */
export async function doctorReport(): Promise<string> {
  const report = await doctor();
  const { backend } = report;
  const rows: [string, string][] = [
    ['node', report.node],
    ['system', report.platform],
    ['processor', report.processor],
    ['memory', `${(report.memory / 2 ** 30).toFixed(1)} GiB`],
    ['backend', `${backend.name} ${backend.version} (${backend.device})`],
    ['why', backend.why],
    ['threads', String(report.threads)],
    ['matmul', `${report.gflops.toFixed(1)} GFLOP/s`],
    ['TensorFlow.js', report.tfjs],
    ['tfjs-node-gpu', report.tfjsNode ?? 'not installed'],
    ['native builds', report.builds.join(', ') || 'none'],
    ['cache', report.cacheFolder],
    ...Object.entries(report.tools).map(([name, version]): [string, string] => [name, version ?? 'not found']),
  ];
  const missing = report.missing.map(({ what, next }) => `missing: ${what}; ${next}`);
  return [
    ...rows.map(([name, value]) => `${name.padEnd(14)} ${value}`),
    ...(missing.length ? missing : ['nothing is missing']),
  ].join('\n');
}
