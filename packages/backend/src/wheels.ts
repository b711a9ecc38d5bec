import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TENSORFLOW_VERSION, type Flavour } from './native-build.js';
import { lastLines, runCommand } from './run-command.js';
import { SetupProblem } from './setup-problem.js';

/** A Python wheel that holds a part of the native backend. */
export interface Wheel {
  /** As pip takes it. */
  readonly requirement: string;
  /** Size of the download. */
  readonly bytes: number;
  /** The files to take out of it. */
  readonly files: RegExp;
  /** The libraries that the binding is linked against, by the start of their names. */
  readonly link: readonly string[];
}

const MB = 1e6;
// The two libraries, and the headers that tfjs-node's binding and native/ops.cc include, directly or not (47 MB, of which
// some have no ending).
const TENSORFLOW_FILES =
  /^tensorflow\/(libtensorflow_(cc|framework)\.so\.2|include\/(tensorflow\/(c|core)|tsl|xla\/tsl|absl|Eigen|unsupported\/Eigen|google\/protobuf|ml_dtypes)\/.*[^/])$/;
const TENSORFLOW_LINK = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

const nvidia = (
  name: string,
  version: string,
  megabytes: number,
  link: readonly string[] = [],
  files = /^nvidia\/[^/]+\/lib\/[^/]+\.so[.\d]*$/,
): Wheel => ({
  requirement: `nvidia-${name}-cu12==${version}`,
  bytes: megabytes * MB,
  files,
  link,
});

/**
 * The wheels of one flavour. Only `tensorflow` has a build for arm64 (without CUDA), and only there is it the small
 * one. The CUDA libraries are those of TensorFlow's `[and-cuda]` extra at the newest versions that it allowed when
 * this list was made; versions are fixed so that their size is known before the download.
 */
export function wheelsFor(flavour: Flavour, arch: string = process.arch): readonly Wheel[] {
  const tensorflow = (name: string, megabytes: number): Wheel => ({
    requirement: `${name}==${TENSORFLOW_VERSION}`,
    bytes: megabytes * MB,
    files: TENSORFLOW_FILES,
    link: TENSORFLOW_LINK,
  });
  if (flavour === 'cpu')
    return [arch === 'arm64' ? tensorflow('tensorflow', 281.8) : tensorflow('tensorflow-cpu', 274)];
  return [
    tensorflow('tensorflow', 572.4),
    nvidia('cuda-runtime', '12.9.79', 3.5, ['libcudart.so']),
    nvidia('cuda-cupti', '12.8.90', 10.2, ['libcupti.so']),
    // XLA looks for the assembler and the device library in nvidia/cuda_nvcc beside tensorflow/.
    nvidia('cuda-nvcc', '12.9.86', 40.5, [], /^nvidia\/cuda_nvcc\/(bin\/ptxas|nvvm\/libdevice\/.*)$/),
    nvidia('cuda-nvrtc', '12.9.86', 89.6, ['libnvrtc.so']),
    nvidia('nvjitlink', '12.9.86', 39.7, ['libnvJitLink.so']),
    nvidia('cublas', '12.9.3.13', 581.2, ['libcublas.so', 'libcublasLt.so']),
    nvidia('cudnn', '9.28.0.42', 716.5, ['libcudnn.so']),
    nvidia('cufft', '11.4.1.4', 200.9, ['libcufft.so']),
    nvidia('curand', '10.3.10.19', 68.3, ['libcurand.so']),
    nvidia('cusparse', '12.5.10.65', 366.5, ['libcusparse.so']),
    nvidia('cusolver', '11.7.5.82', 338.1, ['libcusolver.so']),
    nvidia('nccl', '2.32.3', 351.5, ['libnccl.so']),
  ];
}

/** What the set-up takes: the bytes of the download, and the free disk space that it needs at its widest. */
export interface SetupSize {
  readonly download: number;
  readonly disk: number;
}

/**
 * How large the set-up is, before anything is downloaded. The processor's wheel unpacks to 853 MB, 3.1 times its
 * size; pip holds two copies of the wheel that it is busy with.
 *
 * @example
 * ```ts
 * const { download, disk } = setupSize('gpu');
 * console.log(`${(download / 1e9).toFixed(1)} GB to download, ${(disk / 1e9).toFixed(1)} GB of disk`);
 * ```
 */
export function setupSize(flavour: Flavour, arch: string = process.arch): SetupSize {
  const sizes = wheelsFor(flavour, arch).map((wheel) => wheel.bytes);
  const download = sizes.reduce((sum, bytes) => sum + bytes, 0);
  return { download, disk: Math.round(download * (flavour === 'gpu' ? 2.2 : 3.2)) + 2 * Math.max(...sizes) };
}

/**
 * Downloads one wheel with pip, so that the user's own index, proxy and certificates apply, and returns its path.
 * The wheel's Python version is given, as its libraries are the same in each: any Python can fetch it.
 */
export async function downloadWheel(
  wheel: Wheel,
  folder: string,
  { onBytes, signal }: { readonly onBytes: (bytes: number) => void; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  // pip takes the exact tags that it is given: a wheel for an older glibc has another one.
  const platforms = ['manylinux_2_27', 'manylinux_2_17', 'manylinux2014'].flatMap((tag) => [
    '--platform',
    `${tag}_${machine}`,
  ]);
  const temporary = join(folder, 'pip');
  await mkdir(temporary, { recursive: true });
  const watch = setInterval(() => void bytesIn(temporary).then(onBytes), 500);
  try {
    const result = await runCommand(
      'python3',
      // prettier-ignore
      ['-m', 'pip', 'download', wheel.requirement, '--no-deps', '--only-binary=:all:', '--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--abi', 'none',
        ...platforms, '--dest', folder, '--disable-pip-version-check', '--no-input', '--progress-bar', 'off'],
      { env: { TMPDIR: temporary }, signal },
    );
    if (!result.ok) throw downloadProblem(wheel, result.stderr);
  } finally {
    clearInterval(watch);
    await rm(temporary, { recursive: true, force: true });
  }
  const [name] = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
  if (name === undefined)
    throw new SetupProblem(
      'download',
      `pip reports success for ${wheel.requirement} but left no wheel`,
      'run the command again',
    );
  return join(folder, name);
}

function downloadProblem(wheel: Wheel, stderr: string): SetupProblem {
  if (/no space left/i.test(stderr)) return diskProblem();
  const errors = stderr.split('\n').filter((line) => line.startsWith('ERROR:'));
  return new SetupProblem(
    'download',
    `pip could not download ${wheel.requirement}: ${lastLines(errors.join('\n') || stderr, 2) || 'it printed nothing'}`,
    'check the network and the package index (`python3 -m pip config list`; PIP_INDEX_URL and PIP_PROXY set another one), then run `setupNative` again',
  );
}

/** The disk filled up although the space was checked before. */
export const diskProblem = (): SetupProblem =>
  new SetupProblem(
    'disk',
    'the disk is full',
    'free some space, or set AUDIO_SSL_CACHE to a folder on another disk, then run `setupNative` again',
  );

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map((entry) =>
      stat(join(folder, entry)).then(
        (s) => (s.isFile() ? s.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
