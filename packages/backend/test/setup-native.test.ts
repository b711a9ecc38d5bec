import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setupNative, setupSize, type SetupProgress, type SetupResult } from '@audio-ssl/backend';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  bindingIn,
  bindingOf,
  buildFolder,
  cacheFolder,
  findBuilds,
  findNodePackage,
  isPlaced,
  placeMissingBinding,
} from '../src/native-build.js';
import { unpackWheel } from '../src/unpack-wheel.js';
import {
  onlyTheseCommands,
  projectWithoutBinding,
  python,
  smallDisk,
  temporaryFolder,
  TENSORFLOW_FILES,
  writeWheel,
} from './fake-machine.js';

const realBuild = ((): string | undefined => {
  const nodePackage = findNodePackage();
  return nodePackage && findBuilds(nodePackage.version)[0]?.folder;
})();

let cache: string;
let project: string;
beforeAll(() => {
  project = projectWithoutBinding();
});
afterAll(() => rmSync(project, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(join(project, 'node_modules', '@tensorflow', 'tfjs-node-gpu', 'lib'), { recursive: true, force: true });
  process.env['AUDIO_SSL_CACHE'] = cache = temporaryFolder();
});

/** What a set-up that failed left behind in the cache folder. */
const leftovers = (): string[] => (existsSync(join(cache, 'native')) ? readdirSync(join(cache, 'native')) : []);

async function failedSetup(): Promise<Extract<SetupResult, { ok: false }>> {
  const result = await setupNative({ cwd: project });
  if (result.ok) throw new Error('the set-up was expected to fail');
  expect(result.backend).toBe('wasm');
  expect(result.message).toContain('wasm');
  expect(leftovers()).toEqual([]);
  return result;
}

const PYTHON_WITH_PIP = 'exit 0';
const COMPILER = 'echo g++';

describe.runIf(process.platform === 'linux')('setupNative says what is missing, and what to do', () => {
  test('no python3', async () => {
    onlyTheseCommands({ 'g++': COMPILER });
    expect(await failedSetup()).toMatchObject({
      problem: 'python',
      message: expect.stringContaining('no python3'),
      next: expect.stringContaining('apt install python3'),
    });
  });

  test('no pip', async () => {
    onlyTheseCommands({
      'g++': COMPILER,
      python3: '[ "$1" = --version ] || { echo "No module named pip" >&2; exit 1; }',
    });
    expect(await failedSetup()).toMatchObject({
      problem: 'pip',
      message: expect.stringContaining('No module named pip'),
      next: expect.stringContaining('python3-pip'),
    });
  });

  test('no compiler', async () => {
    onlyTheseCommands({ python3: PYTHON_WITH_PIP });
    expect(await failedSetup()).toMatchObject({
      problem: 'compiler',
      next: expect.stringContaining('apt install g++'),
    });
  });

  test('another platform', async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
    for (const other of ['darwin', 'win32']) {
      Object.defineProperty(process, 'platform', { ...platform, value: other });
      try {
        expect(await failedSetup()).toMatchObject({
          problem: 'platform',
          message: expect.stringContaining(other),
          next: expect.stringContaining('wasm'),
        });
      } finally {
        Object.defineProperty(process, 'platform', platform);
      }
    }
  });

  test.skipIf(!python)('a package index that refuses', async () => {
    onlyTheseCommands({ 'g++': COMPILER, python3: python! });
    // Nothing listens on the port that is reserved for "discard".
    Object.assign(process.env, {
      PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
      PIP_RETRIES: '0',
      PIP_FIND_LINKS: '',
      PIP_CONFIG_FILE: '/dev/null',
    });
    expect(await failedSetup()).toMatchObject({
      problem: 'download',
      message: expect.stringContaining('tensorflow'),
      next: expect.stringContaining('PIP_INDEX_URL'),
    });
  });

  test.skipIf(!python)('a wheel whose contents are not what its RECORD says', async () => {
    onlyTheseCommands({ 'g++': COMPILER, python3: python! });
    servePip({ lie: true });
    expect(await failedSetup()).toMatchObject({
      problem: 'wheel',
      message: expect.stringMatching(/SHA-256.*RECORD/),
      next: expect.stringContaining('again'),
    });
  });

  test.skipIf(!python)('libraries that cannot be linked', async () => {
    const compiler = execFileSync('/bin/sh', ['-c', 'command -v g++ || true'], { encoding: 'utf8' }).trim();
    if (!compiler) return;
    servePip();
    expect(await failedSetup()).toMatchObject({ problem: 'compile', message: expect.stringContaining('g++') });
  });

  test.skipIf(!python)('a binding that does not load', async () => {
    onlyTheseCommands({ 'g++': fakeCompiler('echo nothing > "$out"'), python3: python! });
    servePip();
    expect(await failedSetup()).toMatchObject({ problem: 'self-test', next: expect.stringContaining('`force`') });
  });

  test('a cache folder that cannot be made', async () => {
    onlyTheseCommands({ 'g++': COMPILER, python3: PYTHON_WITH_PIP });
    writeFileSync(join(cache, 'file'), '');
    process.env['AUDIO_SSL_CACHE'] = join(cache, 'file');
    const result = await setupNative({ cwd: project });
    expect(result).toMatchObject({ ok: false, problem: 'disk', next: expect.stringContaining('AUDIO_SSL_CACHE') });
  });

  test('too little disk space, before anything is downloaded', async (context) => {
    const disk = smallDisk();
    if (!disk) return context.skip();
    onlyTheseCommands({ 'g++': COMPILER, python3: PYTHON_WITH_PIP });
    process.env['AUDIO_SSL_CACHE'] = cache = disk;
    const stages: string[] = [];
    const result = await setupNative({ cwd: project, onProgress: ({ stage }) => stages.push(stage) });
    expect(result).toMatchObject({
      ok: false,
      problem: 'disk',
      message: expect.stringMatching(/1\.4 GB of disk space are needed.*MB are free/),
    });
    expect(stages).not.toContain('download');
    expect(leftovers()).toEqual([]);
  });

  test.skipIf(!python)('a disk that fills up while the wheel is unpacked', async (context) => {
    const disk = smallDisk();
    if (!disk) return context.skip();
    const path = writeWheel(temporaryFolder(), { 'tensorflow/libtensorflow_cc.so.2': 'x'.repeat(5_000_000) });
    await expect(unpackWheel(path, /^tensorflow\//, disk, { onBytes: () => {} })).rejects.toMatchObject({
      code: 'ENOSPC',
    });
  });
});

describe.skipIf(!python)('unpackWheel', () => {
  const unpack = (path: string): Promise<readonly string[]> =>
    unpackWheel(path, /\.so\.2$/, temporaryFolder(), { onBytes: () => {} });

  test('takes the wanted files and no others', async () => {
    const folder = temporaryFolder();
    const bytes: number[] = [];
    const path = writeWheel(temporaryFolder(), TENSORFLOW_FILES);
    await unpackWheel(path, /\.so\.2$/, folder, { onBytes: (done, total) => bytes.push(done / total) });
    expect(readdirSync(join(folder, 'tensorflow')).sort()).toEqual([
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
    ]);
    expect(readFileSync(join(folder, 'tensorflow', 'libtensorflow_cc.so.2'), 'utf8')).toBe(
      TENSORFLOW_FILES['tensorflow/libtensorflow_cc.so.2'],
    );
    expect(bytes.at(-1)).toBe(1);
  });

  test('refuses a truncated wheel, one without RECORD, one without the libraries, and broken data', async () => {
    const truncated = writeWheel(temporaryFolder(), TENSORFLOW_FILES);
    truncateSync(truncated, Math.floor(statSync(truncated).size / 2));
    const broken = writeWheel(temporaryFolder(), TENSORFLOW_FILES);
    const bytes = readFileSync(broken);
    bytes.fill(0xff, 100, 160); // inside the first file's compressed data
    writeFileSync(broken, bytes);
    for (const path of [
      truncated,
      broken,
      writeWheel(temporaryFolder(), TENSORFLOW_FILES, { record: false }),
      writeWheel(temporaryFolder(), {}),
    ]) {
      await expect(unpack(path)).rejects.toMatchObject({ code: 'wheel', message: expect.stringContaining('damaged') });
    }
  });
});

describe.runIf(process.platform === 'linux')('a set-up that is stopped', () => {
  test('by its signal leaves nothing behind', async () => {
    onlyTheseCommands({ 'g++': COMPILER, python3: 'case "$*" in *download*) exec /bin/sleep 30;; esac' });
    const stop = new AbortController();
    const setup = setupNative({
      cwd: project,
      signal: stop.signal,
      onProgress: ({ stage }) => stage === 'download' && setTimeout(() => stop.abort(), 100),
    });
    await expect(setup).rejects.toThrow();
    expect(leftovers()).toEqual([]);
  });

  test('by SIGKILL leaves no build, and the next one clears up', { timeout: 90_000 }, async () => {
    onlyTheseCommands({
      'g++': COMPILER,
      python3: 'case "$*" in *download*) echo > "$TMPDIR/part"; exec /bin/sleep 3;; esac',
    });
    const program = `import { setupNative } from '@audio-ssl/backend'; await setupNative({ cwd: process.argv[1] });`;
    const root = new URL('../../..', import.meta.url);
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--conditions=@audio-ssl/source', '--input-type=module', '--eval', program, project],
      { cwd: root, stdio: 'ignore' },
    );
    const unfinished = (): string | undefined => leftovers().find((name) => name.startsWith('unfinished-'));
    while (!unfinished()) await sleep(50);
    child.kill('SIGKILL');
    expect(findBuilds(findNodePackage(project)!.version)).toEqual([]);
    onlyTheseCommands({ 'g++': COMPILER, python3: 'case "$*" in *download*) exit 1;; esac' });
    expect(await failedSetup()).toMatchObject({ problem: 'download' }); // checks that nothing is left, too
  });
});

describe.skipIf(!python || !realBuild)(
  'a set-up that succeeds (libraries and compiler replaced by a link to the real build)',
  () => {
    const prepare = (): void => {
      onlyTheseCommands({ 'g++': fakeCompiler(`/bin/ln -s ${bindingIn(realBuild!)} "$out"`), python3: python! });
      servePip();
    };

    test('two at once: one builds, the other waits and finds it; later ones are instant', async () => {
      prepare();
      const progress: SetupProgress[] = [];
      const results = await Promise.all(
        [0, 1].map(() => setupNative({ cwd: project, onProgress: (step) => progress.push(step) })),
      );
      expect(results.map((result) => result.ok && result.built).sort()).toEqual([false, true]);
      expect(progress.filter(({ stage }) => stage === 'wait')).toHaveLength(1);
      expect(progress.find(({ stage }) => stage === 'download')).toMatchObject({
        message: '274 MB in one file',
        total: 274e6,
      });
      onlyTheseCommands({}); // no tool is needed any more
      expect(await setupNative({ cwd: project })).toMatchObject({ ok: true, built: false });
      expect(leftovers()).toHaveLength(1);
    });

    test('keeps the CUDA build when it is not told which, and the other one once that was asked for', async () => {
      prepare();
      const setup = async (gpu?: boolean): Promise<string> => {
        const result = await setupNative({ cwd: project, ...(gpu !== undefined && { gpu }) });
        if (!result.ok) throw new Error(result.message);
        const { version } = findNodePackage(project)!;
        expect(result.folder).toBe(buildFolder(result.flavour, version));
        expect(isPlaced(findNodePackage(project)!, bindingIn(result.folder))).toBe(true);
        return result.flavour;
      };
      expect(await setup()).toBe('cpu');
      const cuda = buildFolder('gpu', findNodePackage(project)!.version); // gigabytes, so that it is not built here
      mkdirSync(cuda);
      symlinkSync(bindingIn(realBuild!), bindingIn(cuda));
      expect(await setup()).toBe('cpu'); // the one in use
      expect(await setup(true)).toBe('gpu');
      expect(await setup()).toBe('gpu');
      rmSync(bindingOf(findNodePackage(project)!)); // as by `npm ci`
      expect(await setup()).toBe('gpu');
      expect(await setup(false)).toBe('cpu');
      expect(await setup()).toBe('cpu');
    });

    test('links the binding where tfjs-node looks, and again after `npm ci`; replaces a stale one', async () => {
      prepare();
      const place = join(
        project,
        'node_modules',
        '@tensorflow',
        'tfjs-node-gpu',
        'lib',
        'napi-v8',
        'tfjs_binding.node',
      );
      mkdirSync(join(place, '..'), { recursive: true });
      writeFileSync(place, 'of another release');
      const result = await setupNative({ cwd: project });
      if (!result.ok) throw new Error(result.message);
      expect(lstatSync(place).isSymbolicLink()).toBe(true);
      expect(readlinkSync(place)).toBe(bindingIn(result.folder));
      rmSync(place);
      placeMissingBinding(findNodePackage(project)!);
      expect(readlinkSync(place)).toBe(bindingIn(result.folder));
      expect(existsSync(join(result.folder, 'tensorflow', 'include')), 'headers are not kept').toBe(false);
      expect(JSON.parse(readFileSync(join(result.folder, 'build.json'), 'utf8'))).toMatchObject({
        tensorflow: '2.21.0',
        flavour: 'cpu',
      });
    });
  },
);

test('setupSize: a few hundred megabytes for the processor, gigabytes for CUDA', () => {
  expect(setupSize('cpu', 'x64')).toEqual({ download: 274e6, disk: expect.closeTo(1.42e9, -7) as number });
  expect(setupSize('cpu', 'arm64').download).toBeCloseTo(281.8e6, -4);
  expect(setupSize('gpu', 'x64').download).toBeGreaterThan(3.3e9);
});

test('cacheFolder: AUDIO_SSL_CACHE, else XDG_CACHE_HOME, else ~/.cache', () => {
  expect(cacheFolder({ AUDIO_SSL_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/audio-ssl');
  expect(cacheFolder({})).toMatch(/\/\.cache\/audio-ssl$/);
});

/** Gives pip a wheel from a folder instead of an index, by the settings that a user has for it. */
function servePip(options: { lie?: boolean } = {}): void {
  const folder = temporaryFolder();
  writeWheel(folder, TENSORFLOW_FILES, options);
  Object.assign(process.env, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder, PIP_CONFIG_FILE: '/dev/null' });
}

/** A compiler that runs `body` with the output file in $out. */
const fakeCompiler = (body: string): string =>
  `while [ $# -gt 0 ]; do [ "$1" = -o ] && out="$2"; shift; done\n[ -z "$out" ] && exit 0\n${body}`;
