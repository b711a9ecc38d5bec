import protobuf from 'protobufjs/light.js';
import { crc32c } from './crc32c.js';

// The fields of tensorboard/compat/proto/{event,summary,tensor,tensor_shape}.proto that are written here.
const { nested } = {
  nested: {
    Event: {
      fields: {
        wallTime: { type: 'double', id: 1 },
        step: { type: 'int64', id: 2 },
        fileVersion: { type: 'string', id: 3 },
        summary: { type: 'Summary', id: 5 },
        sessionLog: { type: 'SessionLog', id: 7 },
      },
      oneofs: { what: { oneof: ['fileVersion', 'summary', 'sessionLog'] } },
    },
    SessionLog: { fields: { status: { type: 'int32', id: 1 } } },
    Summary: { fields: { value: { rule: 'repeated', type: 'Value', id: 1 } } },
    Value: {
      fields: {
        tag: { type: 'string', id: 1 },
        simpleValue: { type: 'float', id: 2 },
        tensor: { type: 'Tensor', id: 8 },
        metadata: { type: 'Metadata', id: 9 },
      },
      oneofs: { value: { oneof: ['simpleValue', 'tensor'] } },
    },
    Metadata: { fields: { plugin: { type: 'Plugin', id: 1 } } },
    Plugin: { fields: { name: { type: 'string', id: 1 } } },
    Tensor: {
      fields: {
        dtype: { type: 'int32', id: 1 },
        shape: { type: 'Shape', id: 2 },
        strings: { rule: 'repeated', type: 'bytes', id: 8 },
      },
    },
    Shape: { fields: { dim: { rule: 'repeated', type: 'Dim', id: 2 } } },
    Dim: { fields: { size: { type: 'int64', id: 1 } } },
  },
};
const Event = protobuf.Root.fromJSON({ nested }).lookupType('Event');

const START = 1; // of SessionLog.SessionStatus
const DT_STRING = 7;

/** One event of TensorBoard: the version of the file, the begin of a session, or what a step gave. */
export type TensorboardEvent = { readonly wallTime: number } & (
  | { readonly fileVersion: string }
  | { readonly sessionFrom: number }
  | {
      readonly step: number;
      readonly scalars: Readonly<Record<string, number>>;
      readonly texts: Readonly<Record<string, string>>;
    }
);

/**
 * An event as a record of an event file: length, masked checksum of the length, the event as protobuf, masked checksum of
 * it (tensorflow/core/lib/io/record_writer.h). A session's begin hides all that earlier files hold from its step on.
 */
export function eventRecord(event: TensorboardEvent): Uint8Array {
  const data = Event.encode(message(event)).finish();
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(masked(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(masked(data), 12 + data.length);
  return record;
}

function message(event: TensorboardEvent): object {
  const { wallTime } = event;
  if ('fileVersion' in event) return { wallTime, fileVersion: event.fileVersion };
  if ('sessionFrom' in event) return { wallTime, step: event.sessionFrom, sessionLog: { status: START } };
  const scalars = Object.entries(event.scalars).map(([tag, simpleValue]) => ({ tag, simpleValue }));
  const texts = Object.entries(event.texts).map(([tag, text]) => ({
    tag,
    metadata: { plugin: { name: 'text' } },
    tensor: { dtype: DT_STRING, shape: { dim: [{ size: 1 }] }, strings: [Buffer.from(text)] },
  }));
  return { wallTime, step: event.step, summary: { value: [...scalars, ...texts] } };
}

/** TensorFlow masks checksums, as records may hold records. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
