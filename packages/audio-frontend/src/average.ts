import { findKernel, type Kernel } from './kernel.js';

type Average = (left: Float32Array, right: Float32Array, mean: Float32Array) => void;

/** Samples that are handed to the kernel at a time, a multiple of four. */
const AT_ONCE = 2 ** 14;

let prepared: Average | undefined;

/** The mean of two channels of one length: the same bits by the kernel, in half the time. */
export function average(left: Float32Array, right: Float32Array): Float32Array {
  if (!prepared) {
    const kernel = findKernel();
    prepared = (kernel && createKernelAverage(kernel)) ?? byLoop;
  }
  const mean = new Float32Array(left.length);
  prepared(left, right, mean);
  return mean;
}

const byLoop: Average = (left, right, mean) => {
  for (let i = 0; i < mean.length; i++) mean[i] = (left[i]! + right[i]!) / 2;
};

function createKernelAverage(kernel: Kernel): Average | undefined {
  const layout = kernel.layout();
  const [leftAt, rightAt] = [layout.reserve(4 * AT_ONCE), layout.reserve(4 * AT_ONCE)];
  const program = layout.program(new Int32Array(0));
  if (!kernel.hasRoom(program)) return undefined;
  return (left, right, mean) => {
    const memory = kernel.load(program);
    for (let done = 0; done < mean.length; done += AT_ONCE) {
      const count = Math.min(AT_ONCE, mean.length - done);
      memory.set(left.subarray(done, done + count), leftAt / 4);
      memory.set(right.subarray(done, done + count), rightAt / 4);
      kernel.exports.average(leftAt, rightAt, Math.ceil(count / 4) * 4);
      mean.set(memory.subarray(leftAt / 4, leftAt / 4 + count), done);
    }
  };
}
