import type * as tf from '@tensorflow/tfjs-core';
import protobuf from 'protobufjs/light.js';
import { fusedOperation } from './fused.js';
import type { InPlace } from './in-place.js';
import type { Attribute, Binding } from './node-backend.js';
import type { Trace } from './trace.js';

// The fields of tensorflow/core/protobuf/saved_model.proto and tensorflow/core/framework/*.proto that are written here.
const { nested } = {
  nested: {
    SavedModel: {
      fields: { version: { type: 'int64', id: 1 }, metaGraphs: { rule: 'repeated', type: 'MetaGraph', id: 2 } },
    },
    MetaGraph: { fields: { info: { type: 'MetaInfo', id: 1 }, graph: { type: 'Graph', id: 2 } } },
    MetaInfo: { fields: { tags: { rule: 'repeated', type: 'string', id: 4 } } },
    Graph: { fields: { node: { rule: 'repeated', type: 'Node', id: 1 }, versions: { type: 'Versions', id: 4 } } },
    Versions: { fields: { producer: { type: 'int32', id: 1 } } },
    Node: {
      fields: {
        name: { type: 'string', id: 1 },
        op: { type: 'string', id: 2 },
        input: { rule: 'repeated', type: 'string', id: 3 },
        attr: { keyType: 'string', type: 'Attr', id: 5 },
      },
    },
    Attr: {
      fields: {
        list: { type: 'List', id: 1 },
        s: { type: 'bytes', id: 2 },
        i: { type: 'int64', id: 3 },
        f: { type: 'float', id: 4 },
        b: { type: 'bool', id: 5 },
        type: { type: 'int32', id: 6 },
        shape: { type: 'Shape', id: 7 },
        tensor: { type: 'Tensor', id: 8 },
      },
      oneofs: { value: { oneof: ['list', 's', 'i', 'f', 'b', 'type', 'shape', 'tensor'] } },
    },
    List: {
      fields: {
        i: { rule: 'repeated', type: 'int64', id: 3 },
        f: { rule: 'repeated', type: 'float', id: 4 },
        b: { rule: 'repeated', type: 'bool', id: 5 },
      },
    },
    Shape: { fields: { dim: { rule: 'repeated', type: 'Dim', id: 2 } } },
    Dim: { fields: { size: { type: 'int64', id: 1 } } },
    Tensor: {
      fields: { dtype: { type: 'int32', id: 1 }, shape: { type: 'Shape', id: 2 }, content: { type: 'bytes', id: 4 } },
    },
  },
};
const SavedModel = protobuf.Root.fromJSON({ nested }).lookupType('SavedModel');

// tensorflow/core/framework/types.proto
const DATA_TYPES: Partial<Record<tf.DataType, number>> = { float32: 1, int32: 3, bool: 10 };

/** The GraphDef version that the operations of tfjs-node 4.22 are written for (any of TensorFlow 2). */
const PRODUCER = 1482;

/** The type of matrix products. */
export type Precision = 'float32' | 'bf16';

/** How a graph differs from its trace. */
export interface GraphOptions {
  readonly precision: Precision;
  /** The operations that write over their inputs, and what runs before each, as {@link inPlace} finds them. */
  readonly updates: InPlace['updates'];
}

const BFLOAT16 = 14;

/**
 * A trace as the bytes of `saved_model.pb`: arguments are placeholders `in<i>`, results identities `out<i>`.
 *
 * @param results ids of those results that are not arguments.
 * @throws Error for an attribute that the binding knows and a graph written here does not.
 */
export function savedModel(
  { inputs, operations, tensors, constants }: Trace,
  results: readonly number[],
  binding: Binding,
  { precision, updates }: GraphOptions,
): Uint8Array {
  const source = new Map<number, string>();
  const node: object[] = [];
  const typeOf = (id: number): number => DATA_TYPES[(tensors.get(id) ?? constants.get(id)!).dtype]!;
  const cast = (from: string, name: string, SrcT: number, DstT: number): string => {
    node.push({ name, op: 'Cast', input: [from], attr: { SrcT: { type: SrcT }, DstT: { type: DstT } } });
    return name;
  };
  const halves = new Map<string, string>();
  const toHalf = (from: string): string => {
    if (!halves.has(from)) halves.set(from, cast(from, `half${halves.size}`, 1, BFLOAT16));
    return halves.get(from)!;
  };

  for (const [i, id] of inputs.entries()) {
    source.set(id, `in${i}`);
    const shape = shapeOf(tensors.get(id)!.shape);
    node.push({ name: `in${i}`, op: 'Placeholder', attr: { dtype: { type: typeOf(id) }, shape: { shape } } });
  }
  for (const [id, { shape, values }] of constants) {
    source.set(id, `const${id}`);
    const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const dtype = typeOf(id);
    const tensor = { dtype, shape: shapeOf(shape), content };
    node.push({ name: `const${id}`, op: 'Const', attr: { dtype: { type: dtype }, value: { tensor } } });
  }
  for (const [n, { op, attributes, inputs: from, outputs: to }] of operations.entries()) {
    const name = `op${n}`;
    for (const [k, id] of to.entries()) source.set(id, k === 0 ? name : `${name}:${k}`);
    const attr = Object.fromEntries(
      attributes.map((attribute) => [attribute.name, attributeValue(attribute, binding)]),
    );
    const first = updates.get(n);
    if (first) attr['in_place'] = { b: true };
    const input = [...from.map((id) => source.get(id)!), ...(first ?? []).map((before) => `^op${before}`)];
    // tfjs-node leaves this attribute to the eager runtime, which finds types by itself.
    if (op === 'ExpandDims') attr['T'] = { type: typeOf(from[0]!) };
    // A fused operation knows float32 alone; TensorFlow's own replaces it.
    const { op: standard = op, booleans = {} } = fusedOperation(op)?.standard ?? {};
    if (precision === 'bf16' && /MatMul/.test(standard) && typeOf(to[0]!) === DATA_TYPES.float32) {
      const added = Object.fromEntries(Object.entries(booleans).map(([key, b]) => [key, { b }]));
      const half = { ...attr, ...added, T: { type: BFLOAT16 } };
      node.push({ name, op: standard, input: input.map(toHalf), attr: half });
      source.set(to[0]!, cast(name, `${name}whole`, BFLOAT16, 1));
    } else {
      node.push({ name, op, input, attr });
    }
  }
  for (const [i, id] of results.entries()) {
    node.push({ name: `out${i}`, op: 'Identity', input: [source.get(id)!], attr: { T: { type: typeOf(id) } } });
  }
  const graph = { node, versions: { producer: PRODUCER } };
  return SavedModel.encode(
    SavedModel.fromObject({ version: 1, metaGraphs: [{ info: { tags: ['serve'] }, graph }] }),
  ).finish();
}

function shapeOf(shape: readonly number[]): object {
  return { dim: shape.map((size) => ({ size })) };
}

function attributeValue({ name, type, value }: Attribute, binding: Binding): object {
  const list = Array.isArray(value);
  switch (type) {
    case binding.TF_ATTR_STRING:
      return { s: new TextEncoder().encode(String(value)) };
    case binding.TF_ATTR_INT:
      return list ? { list: { i: value } } : { i: value };
    case binding.TF_ATTR_FLOAT:
      return list ? { list: { f: value } } : { f: value };
    case binding.TF_ATTR_BOOL:
      return list ? { list: { b: value } } : { b: Boolean(value) };
    case binding.TF_ATTR_TYPE:
      return { type: value };
    case binding.TF_ATTR_SHAPE:
      return { shape: shapeOf(value as readonly number[]) };
    default:
      throw new Error(
        `compile: attribute '${name}' has a type that is not compiled (${type}); run the function without compile`,
      );
  }
}
