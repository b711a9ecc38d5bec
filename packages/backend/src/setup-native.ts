import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { compileBinding, compiler, COMPILER_NEXT } from './compile-binding.js';
import {
  bindingIn,
  bindingOf,
  buildFolder,
  cacheFolder,
  findBuilds,
  findNodePackage,
  isPlaced,
  placeBinding,
  TENSORFLOW_VERSION,
  TFJS_NODE_VERSION,
  type Flavour,
  type NodePackage,
} from './native-build.js';
import { lastLines, runCommand } from './run-command.js';
import { SetupProblem, type SetupProblemCode } from './setup-problem.js';
import { testBinding } from './test-binding.js';
import { unpackWheel } from './unpack-wheel.js';
import { diskProblem, downloadWheel, setupSize, wheelsFor } from './wheels.js';

/** What the set-up is doing. */
export interface SetupProgress {
  readonly stage: 'check' | 'wait' | 'install' | 'download' | 'unpack' | 'compile' | 'test' | 'place';
  /** For a person to read; the first one of `download` says how large everything is. */
  readonly message: string;
  /** Bytes done, and bytes in all, where the stage counts them. */
  readonly bytes?: number;
  readonly total?: number;
}

/** What {@link setupNative} takes. */
export interface SetupOptions {
  /**
   * Take the CUDA build with its libraries (several gigabytes), or the processor's. Default: the flavour of the finished
   * build that is in use, else of any finished one, the CUDA one first, else the processor's.
   */
  readonly gpu?: boolean;
  /** Build again although there is a finished build. Default false. */
  readonly force?: boolean;
  /** The project that uses `@tensorflow/tfjs-node-gpu`, which is installed there if it is nowhere. Default: the working directory. */
  readonly cwd?: string;
  /** Called at every stage, and with the bytes of a download as they come. */
  readonly onProgress?: (progress: SetupProgress) => void;
  /** Stops the set-up and removes what it has begun. */
  readonly signal?: AbortSignal;
}

/** How a set-up ended: with the native backend, or with what keeps it from this machine. */
export type SetupResult =
  | {
      readonly ok: true;
      readonly backend: 'tensorflow';
      readonly flavour: Flavour;
      /** False when a finished build was found. */
      readonly built: boolean;
      readonly folder: string;
      readonly seconds: number;
      readonly message: string;
    }
  | {
      readonly ok: false;
      /** What {@link startBackend} takes instead. */
      readonly backend: 'wasm';
      readonly problem: SetupProblemCode;
      readonly message: string;
      readonly next: string;
    };

/**
 * Builds the native TensorFlow backend, once per machine: fetches TensorFlow's Python wheel with pip, takes the
 * libraries out of it, compiles tfjs-node's binding against them with g++, tests it, and keeps it in a cache folder
 * (`$AUDIO_SSL_CACHE`, else `audio-ssl` in the user's cache folder). Needs Linux, python3 with pip, and g++.
 * It may run more than once at a time, and be killed at any moment: a build counts only when it is complete.
 *
 * @returns `ok: false` with the next step when this machine lacks something; it throws only when `signal` aborts it.
 * @example
 * ```ts
 * const result = await setupNative({ onProgress: ({ stage, message }) => console.log(stage, message) });
 * console.log(result.message);
 * ```
 */
export async function setupNative(options: SetupOptions = {}): Promise<SetupResult> {
  const started = performance.now();
  try {
    checkPlatform(options.gpu === true ? 'gpu' : 'cpu');
    const nodePackage = findNodePackage(options.cwd) ?? (await installNodePackage(options));
    const flavour = flavourFor(nodePackage, options);
    const folder = buildFolder(flavour, nodePackage.version);
    const built =
      options.force === true || !existsSync(bindingIn(folder))
        ? await buildAlone(nodePackage, flavour, folder, options)
        : false;
    options.onProgress?.({ stage: 'place', message: `links ${bindingOf(nodePackage)} to the build` });
    placeBinding(nodePackage, bindingIn(folder));
    const seconds = (performance.now() - started) / 1000;
    const name = `TensorFlow ${TENSORFLOW_VERSION} (${flavour === 'gpu' ? 'CUDA' : 'CPU'}) in ${folder}`;
    return {
      ok: true,
      backend: 'tensorflow',
      flavour,
      built,
      folder,
      seconds,
      message: built ? `built ${name} in ${seconds.toFixed(0)} s` : `found ${name}`,
    };
  } catch (error) {
    if (options.signal?.aborted) throw error;
    const problem = asProblem(error);
    return {
      ok: false,
      backend: 'wasm',
      problem: problem.code,
      message: `the native backend was not set up: ${problem.message}; the wasm backend, several times slower, is used instead`,
      next: problem.next,
    };
  }
}

/** A set-up that doesn't say which flavour must not undo one that did. */
function flavourFor(nodePackage: NodePackage, { gpu }: SetupOptions): Flavour {
  if (gpu !== undefined) return gpu ? 'gpu' : 'cpu';
  const builds = findBuilds(nodePackage.version);
  return (builds.find(({ folder }) => isPlaced(nodePackage, bindingIn(folder))) ?? builds[0])?.flavour ?? 'cpu';
}

function asProblem(error: unknown): SetupProblem {
  if (error instanceof SetupProblem) return error;
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskProblem();
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR' || code === 'EEXIST') {
    return new SetupProblem(
      'disk',
      `${path ?? 'a folder'} cannot be written (${code})`,
      'make it writable, or set AUDIO_SSL_CACHE to a folder that is, then run `setupNative` again',
    );
  }
  throw new Error(`setupNative: ${message}`, { cause: error });
}

function checkPlatform(flavour: Flavour): void {
  const here = `${process.platform} on ${process.arch}`;
  if (process.platform !== 'linux')
    throw new SetupProblem(
      'platform',
      `it is built from TensorFlow's Linux libraries, and this is ${here}`,
      'continue with the wasm backend, or run audio-ssl on Linux (a container or WSL will do)',
    );
  if (process.arch !== 'x64' && process.arch !== 'arm64')
    throw new SetupProblem(
      'platform',
      `TensorFlow is there for x64 and arm64, and this is ${here}`,
      'continue with the wasm backend',
    );
  if (flavour === 'gpu' && process.arch !== 'x64')
    throw new SetupProblem('platform', 'TensorFlow has no CUDA build for arm64', 'run `setupNative` without `gpu`');
  const report = process.report as unknown as {
    excludeNetwork: boolean;
    getReport(): { header: { glibcVersionRuntime?: string } };
  };
  report.excludeNetwork = true; // looking up the names of network interfaces can take seconds
  const { header } = report.getReport();
  const glibc = header.glibcVersionRuntime?.split('.').map(Number);
  if (!glibc || glibc[0]! < 2 || (glibc[0] === 2 && glibc[1]! < 27)) {
    throw new SetupProblem(
      'platform',
      `TensorFlow needs the C library glibc 2.27 or newer, and this system has ${header.glibcVersionRuntime ?? 'another one (musl?)'}`,
      'continue with the wasm backend, or use a Debian-based image',
    );
  }
}

async function installNodePackage({ cwd = process.cwd(), onProgress, signal }: SetupOptions): Promise<NodePackage> {
  const name = `@tensorflow/tfjs-node-gpu@${TFJS_NODE_VERSION}`;
  const manager = existsSync(join(cwd, 'pnpm-lock.yaml'))
    ? 'pnpm add'
    : existsSync(join(cwd, 'yarn.lock'))
      ? 'yarn add'
      : 'npm install';
  // Its install script would fetch a TensorFlow of 2021.
  const command = `${manager} --ignore-scripts ${name}`;
  const next = `run \`${command}\` in your project, then \`setupNative\` again`;
  if (manager !== 'npm install') throw new SetupProblem('package', '@tensorflow/tfjs-node-gpu is not installed', next);
  if (!existsSync(join(cwd, 'package.json')))
    throw new SetupProblem(
      'package',
      `@tensorflow/tfjs-node-gpu is not installed, and ${cwd} has no package.json to install it for`,
      next,
    );
  onProgress?.({ stage: 'install', message: command });
  const result = await runCommand('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', name], {
    cwd,
    signal,
  });
  const nodePackage = findNodePackage(cwd);
  if (!result.ok || !nodePackage)
    throw new SetupProblem('package', `\`${command}\` failed: ${lastLines(result.stderr)}`, next);
  return nodePackage;
}

/** Builds under a lock, so that of two set-ups the second finds what the first has made; false if it did. */
async function buildAlone(
  nodePackage: NodePackage,
  flavour: Flavour,
  folder: string,
  options: SetupOptions,
): Promise<boolean> {
  const { onProgress, force } = options;
  const root = join(cacheFolder(), 'native');
  await mkdir(root, { recursive: true });
  const lockFile = { lockfilePath: join(root, 'setup.lock'), realpath: false, stale: 10_000 };
  const release = await lock(root, lockFile).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ELOCKED') throw error;
    onProgress?.({ stage: 'wait', message: 'another set-up is at work; waiting for it' });
    return lock(root, { ...lockFile, retries: { forever: true, minTimeout: 500, maxTimeout: 2000 } });
  });
  try {
    // We hold the lock: what is still unfinished was left by a set-up that was killed.
    for (const name of await readdir(root))
      if (name.startsWith('unfinished-')) await rm(join(root, name), { recursive: true, force: true });
    if (!force && existsSync(bindingIn(folder))) return false;
    const unfinished = join(root, `unfinished-${process.pid}`);
    try {
      await build(nodePackage, flavour, unfinished, options);
      await rm(folder, { recursive: true, force: true });
      await rename(unfinished, folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    return true;
  } finally {
    await release();
  }
}

async function build(
  nodePackage: NodePackage,
  flavour: Flavour,
  folder: string,
  { onProgress, signal }: SetupOptions,
): Promise<void> {
  const report = (stage: SetupProgress['stage'], message: string, bytes?: number, total?: number): void =>
    onProgress?.({
      stage,
      message,
      ...(bytes === undefined ? {} : { bytes }),
      ...(total === undefined ? {} : { total }),
    });
  const wheels = wheelsFor(flavour);
  const size = setupSize(flavour);

  report('check', 'python3, pip, C++ compiler, disk space');
  await checkTools(signal);
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < size.disk) {
    throw new SetupProblem(
      'disk',
      `${gigabytes(size.disk)} of disk space are needed in ${cacheFolder()} and ${gigabytes(bavail * bsize)} are free`,
      'free some space, or set AUDIO_SSL_CACHE to a folder on another disk, then run `setupNative` again',
    );
  }

  const downloads = join(folder, 'download');
  await mkdir(downloads);
  report(
    'download',
    `${gigabytes(size.download)} in ${wheels.length === 1 ? 'one file' : `${wheels.length} files`}`,
    0,
    size.download,
  );
  let before = 0;
  for (const wheel of wheels) {
    const path = await downloadWheel(wheel, downloads, {
      onBytes: (bytes) => report('download', wheel.requirement, before + Math.min(bytes, wheel.bytes), size.download),
      signal,
    });
    before += wheel.bytes;
    report('download', wheel.requirement, before, size.download);
    await unpackWheel(path, wheel.files, folder, {
      onBytes: (bytes, total) => report('unpack', wheel.requirement, bytes, total),
      signal,
    });
    await rm(path);
  }
  await rm(downloads, { recursive: true });

  report('compile', `the binding, with ${compiler()}`);
  await compileBinding(
    nodePackage,
    folder,
    wheels.flatMap((wheel) => wheel.link),
    signal,
  );
  await rm(join(folder, 'tensorflow', 'include'), { recursive: true });

  report('test', 'a matrix product and a gradient');
  const { device } = await testBinding(nodePackage, folder, signal);
  const about = {
    tensorflow: TENSORFLOW_VERSION,
    tfjs: nodePackage.version,
    flavour,
    wheels: wheels.map((wheel) => wheel.requirement),
    deviceWhenBuilt: device,
  };
  await writeFile(join(folder, 'build.json'), `${JSON.stringify(about, undefined, 2)}\n`);
}

async function checkTools(signal: AbortSignal | undefined): Promise<void> {
  const again = 'then run `setupNative` again';
  const python = await runCommand('python3', ['--version'], { signal });
  if (!python.ok)
    throw new SetupProblem(
      'python',
      'there is no python3, which fetches TensorFlow',
      `install it (Debian, Ubuntu: \`apt install python3 python3-pip\`; Fedora: \`dnf install python3-pip\`), ${again}`,
    );
  const pip = await runCommand('python3', ['-m', 'pip', '--version'], { signal });
  if (!pip.ok)
    throw new SetupProblem(
      'pip',
      `python3 has no pip (${lastLines(pip.stderr, 1)})`,
      `install it (Debian, Ubuntu: \`apt install python3-pip\`; elsewhere \`python3 -m ensurepip\`), ${again}`,
    );
  const cxx = await runCommand(compiler(), ['--version'], { signal });
  if (!cxx.ok) throw new SetupProblem('compiler', `there is no C++ compiler (${compiler()})`, COMPILER_NEXT);
}

const gigabytes = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
