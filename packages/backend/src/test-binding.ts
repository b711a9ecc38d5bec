import { bindingIn, TENSORFLOW_VERSION, type NodePackage } from './native-build.js';
import { lastLines, runCommand } from './run-command.js';
import { SetupProblem } from './setup-problem.js';

/**
 * Loads the binding in `folder` in a process of its own, where a library that does not fit can crash without harm,
 * and checks a product and a gradient against numbers worked out by hand. Says whether it uses a GPU.
 */
export async function testBinding(
  nodePackage: NodePackage,
  folder: string,
  signal?: AbortSignal,
): Promise<{ readonly device: 'cpu' | 'gpu' }> {
  const result = await runCommand(
    process.execPath,
    ['--no-warnings', '--eval', PROGRAM, nodePackage.folder, bindingIn(folder)],
    {
      env: { TF_CPP_MIN_LOG_LEVEL: '2', TF_FORCE_GPU_ALLOW_GROWTH: 'true', NODE_OPTIONS: '' },
      signal,
    },
  );
  const report = /\{.*\}\s*$/.exec(result.stdout);
  const fail = (what: string): SetupProblem =>
    new SetupProblem(
      'self-test',
      `the compiled binding does not work: ${what}`,
      'run `setupNative` with `force`; if that does not help, please report it with the output of `doctor`',
    );
  if (!result.ok || !report)
    throw fail(/^\w*Error: .*/m.exec(result.stderr)?.[0] ?? (lastLines(result.stderr) || 'it ended without a word'));
  const { version, gpu, product, gradient } = JSON.parse(report[0]) as {
    version: string;
    gpu: boolean;
    product: number[];
    gradient: number[];
  };
  if (version !== TENSORFLOW_VERSION) throw fail(`it is linked to TensorFlow ${version}, not ${TENSORFLOW_VERSION}`);
  // [[1,2],[3,4]] times itself; the gradient of sum(x x^T) by x is twice the sums of x's columns, in every row.
  if (product.join() !== '7,10,15,22' || gradient.join() !== '8,12,8,12')
    throw fail(`product ${product.join()}, gradient ${gradient.join()}`);
  return { device: gpu ? 'gpu' : 'cpu' };
}

const PROGRAM = `
const [folder, binding] = process.argv.slice(1);
const load = require('node:module').createRequire(folder + '/package.json');
const util = require('node:util');
util.isNullOrUndefined = (value) => value === null || value === undefined;
util.isArray = Array.isArray;
load('@mapbox/node-pre-gyp/lib/pre-binding').find = () => binding; // tfjs-node asks node-pre-gyp where its binding is
const tf = load(folder);
const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
const { binding: { TF_Version }, isUsingGpuDevice } = tf.backend();
console.log(JSON.stringify({
  version: TF_Version,
  gpu: isUsingGpuDevice,
  product: [...tf.matMul(x, x).dataSync()],
  gradient: [...tf.grad((x) => tf.sum(tf.matMul(x, x, false, true)))(x).dataSync()],
}));
`;
