import { readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bindingIn, NATIVE_SOURCES, type NodePackage } from './native-build.js';
import { lastLines, runCommand, type CommandResult } from './run-command.js';
import { SetupProblem } from './setup-problem.js';

/** The C++ compiler: `$CXX`, else `g++`. */
export const compiler = (): string => process.env['CXX'] || 'g++';

/** How to get one. */
export const COMPILER_NEXT =
  'install a C++17 compiler (Debian, Ubuntu: `apt install g++`; Fedora: `dnf install gcc-c++`) or name one in CXX, then run `setupNative` again';

/**
 * Compiles the binding of tfjs-node in `folder`, which has the layout of Python's site-packages, against the libraries
 * there; the headers of Node-API come from the package `node-api-headers`, so that no Node headers are needed.
 *
 * The binding finds its libraries relative to itself ($ORIGIN), so that the folder can be moved into place. TensorFlow
 * opens the CUDA libraries by name, and its own run path leads to some of them only (not to cuSOLVER, for one): the
 * binding is linked to each (--no-as-needed, as it does not use them itself), so that they are loaded before
 * TensorFlow asks, and no LD_LIBRARY_PATH is needed.
 */
export async function compileBinding(
  nodePackage: NodePackage,
  folder: string,
  link: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const source = join(nodePackage.folder, 'binding');
  const sources = (await readdir(source)).filter((name) => name.endsWith('.cc')).map((name) => join(source, name));
  const nodeApi = (createRequire(import.meta.url)('node-api-headers') as { include_dir: string }).include_dir;
  const objects = await compileKernels(folder, signal);
  const libraries = (await readdir(folder, { recursive: true })).filter((path) =>
    link.some((start) => path.split('/').at(-1)!.startsWith(start)),
  );
  const folders = [...new Set(libraries.map((path) => dirname(path)))];
  // prettier-ignore
  const result = await runCommand(compiler(), [
    '-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8',
    `-I${nodeApi}`, `-I${join(folder, 'tensorflow', 'include')}`, `-I${source}`, ...sources, join(NATIVE_SOURCES, 'ops.cc'), ...objects,
    '-w', // TensorFlow's headers warn of each other
    '-o', bindingIn(folder),
    '-Wl,--no-as-needed', ...libraries.map((path) => join(folder, path)),
    ...folders.map((path) => `-Wl,-rpath,$ORIGIN/${path}`),
    // The libraries' own dependencies are each other: look for them in the same folders.
    ...folders.map((path) => `-Wl,-rpath-link,${join(folder, path)}`),
  ], { signal });
  await Promise.all(objects.map((object) => rm(object)));
  check(result);
}

/** Flags of the instruction sets that the kernels are compiled for; dispatch.cc chooses one when it runs. */
const LEVELS: Readonly<Record<string, readonly string[]>> =
  process.arch === 'x64'
    ? {
        baseline: [],
        avx2: ['-mavx2', '-mfma'],
        avx512: ['-mavx2', '-mfma', '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl'],
      }
    : { baseline: [] };

async function compileKernels(folder: string, signal: AbortSignal | undefined): Promise<string[]> {
  // Not -ffast-math: exp rounds by adding and subtracting a large number.
  const common = ['-std=c++17', '-O3', '-fPIC', '-fno-math-errno', '-fno-trapping-math', '-Wno-psabi', '-c'];
  const units = [
    { name: 'dispatch', source: 'dispatch.cc', flags: [] },
    ...Object.entries(LEVELS).map(([level, flags]) => ({
      name: level,
      source: 'kernels.cc',
      flags: [...flags, `-DAUDIO_SSL_LEVEL=${level}`],
    })),
  ];
  return Promise.all(
    units.map(async ({ name, source, flags }) => {
      const object = join(folder, `${name}.o`);
      check(
        await runCommand(compiler(), [...common, ...flags, join(NATIVE_SOURCES, source), '-o', object], { signal }),
      );
      return object;
    }),
  );
}

function check(result: CommandResult): void {
  if (result.missing) throw new SetupProblem('compiler', `there is no C++ compiler (${compiler()})`, COMPILER_NEXT);
  if (!result.ok) {
    throw new SetupProblem(
      'compile',
      `${compiler()} could not compile the binding: ${lastLines(result.stderr)}`,
      `${COMPILER_NEXT}; set-up was tried with g++ 12`,
    );
  }
}
