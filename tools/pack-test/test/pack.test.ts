import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { publishedPackages, useExample } from '@audio-ssl/checks';
import { build, transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const packages = publishedPackages(root);

/** The packages that a page may carry. */
const browserPackages = [
  'audio-decoders',
  'audio-frontend',
  'masking',
  'params',
  'layers',
  'vit',
  'latent-prediction',
  'distribution-matching',
  'momentum-teacher',
  'optim',
  'matpac',
  'tensor-files',
  'pretrained',
  'evaluation',
];

/** What a page has beyond the language itself, as far as loading needs it: no `process`, no `require`, no `Buffer`. */
const webGlobals = {
  console,
  performance,
  TextEncoder,
  TextDecoder,
  URL,
  setTimeout,
  clearTimeout,
  Worker: EventTarget,
};

let project = '';

/** Runs a program in the project; what it printed is in the error when it fails. */
function run(program: string, ...args: string[]): string {
  try {
    // Without the workspace's own npm_* variables and export conditions: a user's shell has neither.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(npm_package_|npm_lifecycle_|NODE_OPTIONS$|VITEST|NODE_ENV$)/.test(name),
      ),
    );
    return execFileSync(program, args, {
      cwd: project,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 26,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'audio-ssl-pack-'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'a-user', private: true, type: 'module' }));
  for (const folder of ['tarballs', 'examples']) mkdirSync(join(project, folder));
  const tarballs = packages.map(({ path }) => {
    const [packed] = JSON.parse(
      run('npm', 'pack', path, '--ignore-scripts', '--json', '--pack-destination', join(project, 'tarballs')),
    ) as { filename: string }[];
    return join('tarballs', packed!.filename);
  });
  const versions = (
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }
  ).devDependencies;
  const companions = ['@tensorflow/tfjs', '@tensorflow/tfjs-core', 'typescript', '@types/node'].map(
    (name) => `${name}@${versions[name]}`,
  );
  run(
    'npm',
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    ...tarballs.map((path) => `./${path}`),
    ...companions,
  );
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe.each(packages)('$manifest.name', ({ folder, path, manifest }) => {
  const example = (): string => useExample(readFileSync(join(path, 'README.md'), 'utf8'));

  test("runs its README's example with plain Node", async () => {
    // Node 20 does not strip types by itself; the type check below refuses what Node 22.18 could not strip.
    const { code } = await transform(example(), {
      loader: 'ts',
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    });
    writeFileSync(join(project, 'examples', `${folder}.mjs`), code);
    expect(run('node', join('examples', `${folder}.mjs`)).trim()).not.toBe('');
  });

  test("type-checks its README's example with tsc --strict", () => {
    const file = join('examples', `${folder}.ts`);
    writeFileSync(join(project, file), example());
    const settings = ['--target', 'es2022', '--module', 'nodenext', '--types', 'node', '--skipLibCheck', '--noEmit'];
    const flags = ['--strict', '--erasableSyntaxOnly', '--verbatimModuleSyntax', ...settings];
    expect(run('node', join('node_modules', 'typescript', 'bin', 'tsc'), ...flags, file)).toBe('');
  });

  test.runIf(browserPackages.includes(folder))('bundles for a browser, where it loads', async () => {
    // A Node built-in has no meaning on the platform "browser": esbuild refuses to resolve it.
    const { outputFiles } = await build({
      stdin: { contents: `export * from '${manifest.name}';`, resolveDir: project },
      bundle: true,
      platform: 'browser',
      format: 'iife',
      globalName: 'bundled',
      minify: true,
      write: false,
      logLevel: 'silent',
    });
    const page = createContext({ ...webGlobals });
    page['self'] = page;
    runInContext(outputFiles[0]!.text, page);
    const entry = join(project, 'node_modules', manifest.name, 'dist', 'index.js');
    const fromNode = (await import(/* @vite-ignore */ pathToFileURL(entry).href)) as object;
    expect(Object.keys(page['bundled'] as object).sort()).toEqual(Object.keys(fromNode).sort());
  });
});
