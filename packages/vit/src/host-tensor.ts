import * as tf from '@tensorflow/tfjs-core';

interface Held {
  readonly values: tf.BackendValues;
  references: number;
}

/**
 * Plain memory in the place of a backend. TensorFlow.js moves a tensor's values from the backend that holds them to the
 * one that runs an operation on it, so a tensor held here waits until a backend runs.
 */
class HostMemory extends tf.KernelBackend {
  private readonly held = new Map<tf.DataId, Held>();

  override write(values: tf.BackendValues): tf.DataId {
    const dataId = {};
    this.held.set(dataId, { values, references: 1 });
    return dataId;
  }

  override readSync(dataId: object): tf.BackendValues {
    return this.held.get(dataId)!.values;
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override refCount(dataId: tf.DataId): number {
    return this.held.get(dataId)?.references ?? 0;
  }

  override incRef(dataId: tf.DataId): void {
    this.held.get(dataId)!.references++;
  }

  override disposeData(dataId: object, force = false): boolean {
    const entry = this.held.get(dataId);
    if (entry && --entry.references > 0 && !force) return false;
    this.held.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.held.size;
  }

  override floatPrecision(): 32 {
    return 32;
  }
}

const memory = new HostMemory();

/**
 * A float32 tensor that may be made before a backend runs; the first operation on it moves its values there.
 *
 * @param values row-major; not to be changed afterwards.
 */
export function hostTensor2d(values: Float32Array, shape: [number, number]): tf.Tensor2D {
  return tf.engine().makeTensor(values, shape, 'float32', memory) as tf.Tensor2D;
}
