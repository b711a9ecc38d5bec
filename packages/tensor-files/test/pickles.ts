import { zipSync } from 'fflate';

/** The bytes of pickle operations that leave one value on the stack. */
export type Op = readonly number[];

const text = (words: string): number[] => [...new TextEncoder().encode(words)];
const u32 = (value: number): number[] => [...new Uint8Array(new Int32Array([value]).buffer)];

const raw = (...bytes: number[]): Op => bytes;
const global = (module: string, name: string): Op => [0x63, ...text(`${module}\n${name}\n`)];
const string = (value: string): Op => [0x58, ...u32(text(value).length), ...text(value)];
const int = (value: number): Op => [0x4a, ...u32(value)];
const tuple = (...items: Op[]): Op => [0x28, ...items.flat(), 0x74];
const dict = (...items: (readonly [Op, Op])[]): Op => [0x7d, 0x28, ...items.flat(2), 0x75];
const call = (callable: Op, args: Op): Op => [...callable, ...args, 0x52];
const build = (target: Op, state: Op): Op => [...target, ...state, 0x62];
const storage = (type: 'F' | 'I', key: string, count: number): Op => [
  ...tuple(
    string('storage'),
    global('torch', type === 'F' ? 'FloatStorage' : 'IntStorage'),
    string(key),
    string('cpu'),
    int(count),
  ),
  0x51,
];
const tensor = (of: Op, offset: number, shape: readonly number[], stride: readonly number[]): Op =>
  call(
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      of,
      int(offset),
      tuple(...shape.map(int)),
      tuple(...stride.map(int)),
      [0x89],
      call(global('collections', 'OrderedDict'), tuple()),
    ),
  );

/** Writes pickles by hand, the way that an attacker would. */
export const pickle = { raw, global, string, int, tuple, dict, call, build, storage, tensor };

/** A checkpoint that holds `value` and one storage `0` of 16 bytes. */
export function checkpoint(value: Op | Uint8Array, { legacy = false } = {}): Uint8Array {
  const whole = (body: Op): number[] => [0x80, 2, ...body, 0x2e];
  const body = new Uint8Array(value.length + 3);
  body.set([0x80, 2]);
  body.set(value, 2);
  body[body.length - 1] = 0x2e;
  if (!legacy) return zipSync({ 'a/data.pkl': body, 'a/data/0': new Uint8Array(16) }, { level: 0 });
  const magic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  const parts = [
    Uint8Array.from(whole(magic)),
    Uint8Array.from(whole([0x4d, 0xe9, 0x03])),
    Uint8Array.from(whole(dict([string('little_endian'), [0x88]]))),
    body,
    Uint8Array.from(whole([0x5d, ...string('0'), 0x61])),
    Uint8Array.from([4, 0, 0, 0, 0, 0, 0, 0]),
    new Uint8Array(16),
  ];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
