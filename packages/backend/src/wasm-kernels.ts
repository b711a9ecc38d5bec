import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/**
 * What the wasm backend keeps back of its 4 GiB heap for XNNPACK's packed weights, which are allocated inside the
 * module, where a failed allocation is not noticed and memory is overwritten.
 */
export const WASM_HEAP_LIMIT = 3.5 * 2 ** 30;

interface WasmModule {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _BatchMatMul(
    a: number,
    aShape: number,
    aRank: number,
    b: number,
    bShape: number,
    bRank: number,
    transposeA: number,
    transposeB: number,
    out: number,
  ): void;
  readonly tfjs: {
    registerTensor(id: number, size: number, offset: number): void;
    disposeData(id: number): void;
  };
}
interface Heap extends Omit<BackendWasm, 'wasm' | 'dataIdNextNumber'> {
  readonly wasm: WasmModule;
  dataIdNextNumber: number;
}
interface KernelArguments<Attributes> {
  readonly inputs: { readonly [name: string]: tf.TensorInfo };
  readonly backend: Heap;
  readonly attrs: Attributes;
}
type Kernel<Attributes> = (call: KernelArguments<Attributes>) => tf.TensorInfo | tf.TensorInfo[];

/**
 * Replaces the kernels of the running wasm backend that training needs and upstream has slow, wrong or not at all
 * (`BatchMatMul`, `Transpose`, `Slice`, `SplitV`, `Unpack`, `UnsortedSegmentSum`), and guards its heap; a second call does nothing.
 */
export function completeWasm(backend: tf.KernelBackend, heapLimit = WASM_HEAP_LIMIT): void {
  const heap = backend as unknown as Heap;
  if (completed.has(heap)) return;
  completed.add(heap);
  guardHeap(heap.wasm, heapLimit);
  replace('BatchMatMul', createBatchMatMul(heap));
  replace('Transpose', transpose);
  replace('Slice', slice);
  replace('SplitV', splitV);
  replace('Unpack', unpack);
  replace('UnsortedSegmentSum', unsortedSegmentSum);
}
const completed = new WeakSet<Heap>();

function replace<Attributes>(kernelName: string, kernel: Kernel<Attributes>): void {
  if (tf.getKernel(kernelName, 'wasm')) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc: kernel as unknown as tf.KernelFunc });
}

/** Upstream does not look at what malloc returns; a null pointer then overwrites the start of the heap. */
export function guardHeap(wasm: { _malloc(bytes: number): number }, limit: number): void {
  wasm._malloc(1); // the first call of Emscripten's stub replaces the stub, and would replace ours
  const malloc = wasm._malloc;
  wasm._malloc = (bytes) => {
    const live = tf.engine().state.numBytes;
    const pointer = live + bytes > limit ? 0 : malloc(bytes);
    if (pointer === 0 && bytes > 0) {
      throw new Error(
        `wasm backend: ${megabytes(bytes)} more beside the ${megabytes(live)} in tensors do not fit its heap, which ends at ${megabytes(limit)}; ` +
          'take a smaller batch or a smaller model, or build the native backend with `setupNative`',
      );
    }
    return pointer;
  };
}
const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/**
 * Upstream takes the fast path (XNNPACK) only for one matrix by one matrix, neither transposed, and a scalar loop for
 * the rest; and it caches the packed right-hand matrix by tensor, without its shape, so that the same data under
 * another shape gives wrong numbers. Here every product is one or more plain products, on tensor ids of our own that
 * alias a part of the heap and live for one call.
 */
function createBatchMatMul(heap: Heap): Kernel<{ transposeA: boolean; transposeB: boolean }> {
  const { wasm } = heap;
  const [idA, idB, idOut] = [heap.dataIdNextNumber++, heap.dataIdNextNumber++, heap.dataIdNextNumber++];
  const shapes = wasm._malloc(6 * 4) >>> 0;

  /** (rows, inner) at byte a times (inner, columns) at byte b into byte out. */
  const multiply = (a: number, b: number, out: number, rows: number, inner: number, columns: number): void => {
    new Int32Array(wasm.HEAPU8.buffer, shapes, 6).set([1, rows, inner, 1, inner, columns]);
    wasm.tfjs.registerTensor(idA, rows * inner, a);
    wasm.tfjs.registerTensor(idB, inner * columns, b);
    wasm.tfjs.registerTensor(idOut, rows * columns, out);
    wasm._BatchMatMul(idA, shapes, 3, idB, shapes + 12, 3, 0, 0, idOut);
    for (const id of [idA, idB, idOut]) wasm.tfjs.disposeData(id);
  };

  return ({ inputs, backend, attrs }) => {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    if (a.dtype !== 'float32' || b.dtype !== 'float32')
      throw new Error(`matMul (wasm): expected float32, got ${a.dtype} and ${b.dtype}; cast them first`);
    const left = attrs.transposeA ? swapLastAxes(a, backend) : a;
    const right = attrs.transposeB ? swapLastAxes(b, backend) : b;
    const [rows, inner, columns] = [left.shape.at(-2)!, left.shape.at(-1)!, right.shape.at(-1)!];
    const batches = { left: left.shape.slice(0, -2), right: right.shape.slice(0, -2) };
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(batches.left, batches.right);
    const out = backend.makeOutput([...batch, rows, columns], 'float32');
    const offset = (x: tf.TensorInfo): number => backend.getMemoryOffset(x.dataId);

    if (tf.util.sizeFromShape(out.shape) > 0) {
      if (inner === 0) {
        backend.typedArrayFromHeap(out).fill(0);
      } else if (tf.util.sizeFromShape(batches.right) === 1) {
        // One right-hand matrix for all: the batch is more rows of one product.
        multiply(offset(left), offset(right), offset(out), tf.util.sizeFromShape(batch) * rows, inner, columns);
      } else {
        const leftAt = broadcastIndices(batches.left, batch);
        const rightAt = broadcastIndices(batches.right, batch);
        for (let i = 0; i < leftAt.length; i++) {
          multiply(
            offset(left) + leftAt[i]! * rows * inner * 4,
            offset(right) + rightAt[i]! * inner * columns * 4,
            offset(out) + i * rows * columns * 4,
            rows,
            inner,
            columns,
          );
        }
      }
    }
    if (left !== a) backend.disposeData(left.dataId);
    if (right !== b) backend.disposeData(right.dataId);
    return out;
  };
}

function swapLastAxes(x: tf.TensorInfo, backend: Heap): tf.TensorInfo {
  const perm = x.shape.map((_, axis) => axis);
  perm.push(...perm.splice(-2).reverse());
  return permute(x, perm, backend);
}

/** Upstream takes 20 ns and more for an element of a tensor of rank 5, as attention splits its heads with. */
const transpose: Kernel<{ perm: number[] }> = ({ inputs, backend, attrs }) =>
  permute(inputs['x']!, attrs.perm, backend);

function permute(x: tf.TensorInfo, perm: readonly number[], backend: Heap): tf.TensorInfo {
  const shape = perm.map((axis) => x.shape[axis]!);
  const axes = joinAxes(x.shape, perm);
  if (axes.length < 2) {
    backend.incRef(x.dataId); // the same elements in the same order: share them
    return { dataId: x.dataId, dtype: x.dtype, shape };
  }
  const out = backend.makeOutput(shape, x.dtype);
  if (x.dtype === 'string') throw new Error('transpose (wasm): strings cannot be transposed');
  // Elements are moved, not read: as integers no NaN is touched.
  const words = (id: tf.TensorInfo): Int32Array | Uint8Array => {
    const [offset, size] = [backend.getMemoryOffset(id.dataId), tf.util.sizeFromShape(x.shape)];
    const { buffer } = backend.wasm.HEAPU8;
    return x.dtype === 'bool' ? new Uint8Array(buffer, offset, size) : new Int32Array(buffer, offset, size);
  };
  const [source, target] = [words(x), words(out)];

  // Two axes run inside: the last of the target (columns), and the one that is last in the source (rows).
  const columns = axes.at(-1)!;
  const rows = axes.find((axis) => axis.from === 1)!;
  const outer = axes.filter((axis) => axis !== columns && axis !== rows);
  const from = outer.reduce((starts, axis) => outerSum(starts, axis.size, axis.from), Int32Array.of(0));
  const to = outer.reduce((starts, axis) => outerSum(starts, axis.size, axis.to), Int32Array.of(0));
  if (rows === columns) {
    // The last axis stays last: whole runs move.
    for (let i = 0; i < from.length; i++) {
      const [start, end] = [from[i]!, to[i]!];
      if (columns.size >= 64) target.set(source.subarray(start, start + columns.size), end);
      else for (let j = 0; j < columns.size; j++) target[end + j] = source[start + j]!;
    }
  } else {
    for (let i = 0; i < from.length; i++) transposeMatrix(source, target, from[i]!, to[i]!, rows, columns);
  }
  return out;
}

/** One axis of a permutation: its size, and the distance of its neighbours in the source and in the target. */
interface Axis {
  size: number;
  from: number;
  to: number;
}

/** The axes of the target, without those of one element, and with those joined that stay side by side. */
function joinAxes(shape: readonly number[], perm: readonly number[]): readonly Axis[] {
  const strides = [...tf.util.computeStrides([...shape]), 1];
  const axes: Axis[] = [];
  for (const axis of perm) {
    const [size, from] = [shape[axis]!, strides[axis]!];
    if (size === 1) continue;
    const before = axes.at(-1);
    if (before && before.from === from * size) Object.assign(before, { size: before.size * size, from });
    else axes.push({ size, from, to: 1 });
  }
  for (let i = axes.length - 2; i >= 0; i--) axes[i]!.to = axes[i + 1]!.to * axes[i + 1]!.size;
  return axes;
}

/** In tiles that fit the cache, as one of the two sides is read or written across its lines. */
function transposeMatrix(
  source: Int32Array | Uint8Array,
  target: Int32Array | Uint8Array,
  from: number,
  to: number,
  rows: Axis,
  columns: Axis,
): void {
  const TILE = 32;
  for (let r = 0; r < rows.size; r += TILE) {
    const lastRow = Math.min(r + TILE, rows.size);
    for (let c = 0; c < columns.size; c += TILE) {
      const lastColumn = Math.min(c + TILE, columns.size);
      for (let i = r; i < lastRow; i++) {
        let read = from + i + c * columns.from;
        const write = to + i * rows.to;
        for (let j = c; j < lastColumn; j++) {
          target[write + j] = source[read]!;
          read += columns.from;
        }
      }
    }
  }
}

/** For each index of `to` in row-major order, the index in `from` that broadcasting takes. */
function broadcastIndices(from: readonly number[], to: readonly number[]): Int32Array {
  const strides = to.map(() => 0);
  for (let i = from.length - 1, axis = to.length - 1, stride = 1; i >= 0; i--, axis--) {
    if (from[i] !== 1) strides[axis] = stride;
    stride *= from[i]!;
  }
  return to.reduce((indices, size, axis) => outerSum(indices, size, strides[axis]!), Int32Array.of(0));
}

/** Upstream copies the whole source out of the heap at every slice. */
const slice: Kernel<{ begin: number | number[]; size: number | number[] }> = ({ inputs, backend, attrs }) => {
  const x = inputs['x']!;
  const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attrs.begin, attrs.size) as [number[], number[]];
  tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
  return copyBlock(x, begin, size, backend);
};

/** A copy of the block of `x` that starts at `begin`, made of the longest runs that are contiguous in memory. */
function copyBlock(x: tf.TensorInfo, begin: readonly number[], size: readonly number[], backend: Heap): tf.TensorInfo {
  const out = backend.makeOutput([...size], x.dtype);
  const total = tf.util.sizeFromShape([...size]);
  if (x.dtype === 'string') {
    const strings = backend.readSync(x.dataId) as unknown as readonly Uint8Array[];
    const { starts, length } = blockRuns(x.shape, begin, size);
    backend.dataIdMap.get(out.dataId).stringBytes = Array.from(starts, (start) =>
      strings.slice(start, start + length),
    ).flat();
    return out;
  }
  if (total === 0) return out;
  const { starts, length } = blockRuns(x.shape, begin, size);
  if (length < 32) {
    // A call of copyWithin costs more than so few elements.
    const source = backend.typedArrayFromHeap(x as tf.Tensor);
    const target = backend.typedArrayFromHeap(out);
    let to = 0;
    for (const start of starts) for (let i = 0; i < length; i++) target[to++] = source[start + i]!;
  } else {
    const bytes = tf.util.bytesPerElement(x.dtype);
    const source = backend.getMemoryOffset(x.dataId);
    const target = backend.getMemoryOffset(out.dataId);
    const { HEAPU8 } = backend.wasm; // after makeOutput, which may have grown and moved it
    starts.forEach((start, i) => {
      const from = source + start * bytes;
      HEAPU8.copyWithin(target + i * length * bytes, from, from + length * bytes);
    });
  }
  return out;
}

/** Where the runs of a block that are contiguous in memory start, and how long each is, in elements. */
function blockRuns(
  shape: readonly number[],
  begin: readonly number[],
  size: readonly number[],
): { starts: Int32Array; length: number } {
  const strides = [...tf.util.computeStrides([...shape]), 1];
  // A run covers the last axes that are taken whole, and the one before them.
  let first = shape.length - 1;
  while (first > 0 && size[first] === shape[first]) first--;
  if (first < 0) return { starts: Int32Array.of(0), length: 1 };
  let starts = Int32Array.of(begin[first]! * strides[first]!);
  for (let axis = 0; axis < first; axis++) starts = outerSum(starts, size[axis]!, strides[axis]!, begin[axis]!);
  return { starts, length: size[first]! * strides[first]! };
}

/** All sums of an element of `starts` and one of `count` multiples of `stride`, the latter running fastest. */
function outerSum(starts: Int32Array, count: number, stride: number, first = 0): Int32Array<ArrayBuffer> {
  const sums = new Int32Array(starts.length * count);
  for (let i = 0, to = 0; i < starts.length; i++) {
    for (let j = 0; j < count; j++) sums[to++] = starts[i]! + (first + j) * stride;
  }
  return sums;
}

const splitV: Kernel<{ numOrSizeSplits: number | number[]; axis: number }> = ({ inputs, backend, attrs }) => {
  const x = inputs['x']!;
  const axis = tf.util.parseAxisParam(attrs.axis, x.shape)[0]!;
  const begin = x.shape.map(() => 0);
  return tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs.numOrSizeSplits, axis).map((length) => {
    const size = x.shape.slice();
    size[axis] = length;
    const part = copyBlock(x, begin, size, backend);
    begin[axis]! += length;
    return part;
  });
};

const unpack: Kernel<{ axis: number }> = ({ inputs, backend, attrs }) => {
  const value = inputs['value']!;
  const axis = attrs.axis < 0 ? attrs.axis + value.shape.length : attrs.axis;
  const size = value.shape.slice();
  size[axis] = 1;
  return Array.from({ length: value.shape[axis]! }, (_, i) => {
    const begin = value.shape.map((_, other) => (other === axis ? i : 0));
    const { dataId, dtype } = copyBlock(value, begin, size, backend);
    return { dataId, dtype, shape: size.filter((_, other) => other !== axis) };
  });
};

/** The gradient of `tf.gather`; ids outside 0..numSegments-1 are dropped. */
const unsortedSegmentSum: Kernel<{ numSegments: number }> = ({ inputs, backend, attrs: { numSegments } }) => {
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  const rowShape = x.shape.slice(segmentIds.shape.length);
  const out = backend.makeOutput([numSegments, ...rowShape], x.dtype);
  const width = tf.util.sizeFromShape(rowShape);
  const ids = backend.typedArrayFromHeap(segmentIds as tf.Tensor);
  const source = backend.typedArrayFromHeap(x as tf.Tensor);
  const target = backend.typedArrayFromHeap(out).fill(0);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= numSegments) continue;
    const [from, to] = [row * width, id * width];
    for (let i = 0; i < width; i++) target[to + i]! += source[from + i]!;
  }
  return out;
};
