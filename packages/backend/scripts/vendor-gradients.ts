/**
 * `npm run vendor -w @audio-ssl/backend`: writes `vendor/tfjs-gradients.js`, the gradients of TensorFlow.js's operations.
 *
 * tfjs-core leaves them out of the file that Node loads, and ships them as modules that only a bundler can resolve;
 * `@tensorflow/tfjs` has them, with 286 MB of what nobody here uses. What they import is taken from tfjs-core's public
 * exports, so that they register in the one engine and carry no second copy of it; the few helpers that are not public
 * are bundled.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { build, type Plugin } from 'esbuild';

const require = createRequire(import.meta.url);
const core = dirname(require.resolve('@tensorflow/tfjs-core/package.json'));
const ENTRY = 'register_all_gradients.js';
export const VENDORED = resolve(import.meta.dirname, '../vendor/tfjs-gradients.js');

/** Where a name of one of tfjs-core's modules is among its public exports. */
const namespaces: Readonly<Record<string, object>> = {
  tf,
  'tf.util': tf.util,
  'tf.backend_util': tf.backend_util,
  'tf.broadcast_util': tf.broadcast_util,
  'tf.slice_util': tf.slice_util,
};

/** Names that are not public, in terms of those that are. */
const substitutes: Readonly<Record<string, string>> = {
  ENGINE: 'tf.engine()',
  getGlobalTensorClass: '() => tf.Tensor',
};

function publicForm(name: string): string | undefined {
  if (name in substitutes) return substitutes[name];
  const home = Object.entries(namespaces).find(([, members]) => name in members);
  return home && `${home[0]}.${name}`;
}

async function exportedNames(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  const declared = [...text.matchAll(/^export (?:const|let|function|class|var) (\w+)/gm)].map(([, name]) => name!);
  const listed = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list]) =>
    list!.split(',').map((item) => item.trim().split(' as ').at(-1)!),
  );
  const passedOn = [...text.matchAll(/^export \* from '(.*)'/gm)].map(([, from]) =>
    exportedNames(join(dirname(path), `${from}.js`)),
  );
  return [...declared, ...listed, ...(await Promise.all(passedOn)).flat()];
}

const publicExports: Plugin = {
  name: 'public-exports',
  setup({ onLoad }) {
    onLoad({ filter: /tfjs-core[\\/]dist[\\/].*\.js$/ }, async ({ path }) => {
      if (path.endsWith(ENTRY)) {
        // A list instead of a module that registers when it is loaded, so that no bundler drops it.
        const text = await readFile(path, 'utf8');
        const list = text.replace('const gradConfigs', 'export const gradConfigs').replace(/^for [^]*?^\}/m, '');
        return { contents: list, loader: 'js' };
      }
      const names = await exportedNames(path);
      const forms = names.flatMap((name) => {
        const form = publicForm(name);
        return form === undefined ? [] : [`export const ${name} = /* @__PURE__ */ (() => ${form})();`];
      });
      if (forms.length === 0 || path.endsWith('types.js'))
        return { contents: await readFile(path, 'utf8'), loader: 'js' };
      return { contents: ["import * as tf from '@tensorflow/tfjs-core';", ...forms].join('\n'), loader: 'js' };
    });
  },
};

/** The text of `vendor/tfjs-gradients.js`. */
export async function vendoredGradients(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(core, 'package.json'), 'utf8')) as { version: string };
  const { outputFiles } = await build({
    entryPoints: [join(core, 'dist', ENTRY)],
    absWorkingDir: core,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    external: ['@tensorflow/tfjs-core'],
    plugins: [publicExports],
    legalComments: 'none',
    banner: {
      js: `// Gradients of the operations of TensorFlow.js ${version}, bundled by scripts/vendor-gradients.ts.\n// Copyright Google LLC, licensed under the Apache License, Version 2.0: http://www.apache.org/licenses/LICENSE-2.0`,
    },
    write: false,
  });
  return outputFiles[0]!.text;
}

if (process.argv[1] === import.meta.filename) await writeFile(VENDORED, await vendoredGradients());
