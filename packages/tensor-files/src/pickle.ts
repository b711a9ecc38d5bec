/** A Python dict, OrderedDict or namespace. Keys that come again replace the earlier ones when it is read. */
export class PyDict {
  items: [key: unknown, value: unknown][] = [];
  /** The attributes of an OrderedDict, which are no items of it. */
  attributes: PyDict | undefined;
  /** @param takesState whether an object's state (`BUILD`) is its items, or attributes beside them. */
  constructor(readonly takesState = false) {}
}

/** A Python list or set. */
export class PyList {
  readonly items: unknown[] = [];
}

/** Something that a pickle may name and call: a function of ours in place of one of Python's. */
export class PyCallable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly unknown[]) => unknown,
  ) {}
}

/**
 * A class or function of Python that is not known here, or an object of one. It is never called: what a pickle would do with
 * it is noted, so that tensors inside a mapping of such a class are found and others are told of.
 */
export class PyOpaque {
  /** What it would hold as a mapping. */
  readonly items: [key: unknown, value: unknown][] = [];
  /** What it would hold as a list or a set. */
  readonly elements: unknown[] = [];
  /** The last of its states (`BUILD`). */
  state: unknown;
  /** @param name in Python: `module.name` of the class. */
  constructor(readonly name: string) {}
}

/** The pickle ends in the middle: more bytes are needed, or the file is damaged. */
export class TruncatedPickleError extends Error {
  override readonly name = 'TruncatedPickleError';
}

/** What a pickle may refer to. Both throw for what they refuse. */
export interface PickleWorld {
  /** The substitute for the Python name `module.name`. */
  global(module: string, name: string): unknown;
  /** Looks at a call of something that is not known here, which is not made. */
  opaque(callable: PyOpaque, args: readonly unknown[]): PyOpaque;
  /** The object with a persistent id, such as a storage. */
  persistent(id: unknown): unknown;
}

// A model of 30 000 tensors takes about a million operations. Each may make an object of some hundred bytes.
const OPERATION_LIMIT = 2 ** 21;
const LONG_LIMIT = 255; // bytes of an integer; states of random generators have 17

const MARK = Symbol('mark');

/**
 * Interprets a pickle (Python's `pickletools` documents the operations) as data: containers, numbers, strings, and what
 * `world` gives for a name. It can reach no function of this program except those of `world`, and none of Python.
 *
 * @param bytes the pickle begins at `start`.
 * @returns its value, and where it ends. Tuples come as arrays.
 * @throws TruncatedPickleError when `bytes` end before it; Error for an operation that tensors do not need.
 */
export function unpickle(bytes: Uint8Array, world: PickleWorld, start = 0): { value: unknown; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const memo = new Map<number, unknown>();
  let at = start;

  const take = (length: number): number => {
    const from = at;
    if (from + length > bytes.length) throw new TruncatedPickleError('the pickle ends in the middle');
    at = from + length;
    return from;
  };
  const u8 = (): number => view.getUint8(take(1));
  const u16 = (): number => view.getUint16(take(2), true);
  const u32 = (): number => view.getUint32(take(4), true);
  const u64 = (): number => Number(view.getBigUint64(take(8), true));
  const raw = (length: number): Uint8Array => {
    const from = take(length);
    return bytes.subarray(from, from + length);
  };
  const text = (length: number): string => decode(raw(length));
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0 || end - at > 1000) {
      if (end < 0 && bytes.length - at <= 1000) throw new TruncatedPickleError('the pickle ends in the middle');
      throw new Error('a name in its pickle has no end');
    }
    const found = text(end - at);
    at = end + 1;
    return found;
  };
  const pop = (): unknown => {
    const value = stack.length > 0 ? stack.pop() : MARK;
    if (value === MARK) throw new Error('its pickle takes more from its stack than there is');
    return value;
  };
  const top = (): unknown => {
    const value = stack.at(-1);
    if (stack.length === 0 || value === MARK) throw new Error('its pickle takes more from its stack than there is');
    return value;
  };
  const toMark = (): unknown[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) throw new Error('its pickle takes more from its stack than there is');
    return stack.splice(mark).slice(1);
  };
  const popMany = (count: number): unknown[] => {
    const values = Array.from({ length: count }, pop);
    return values.reverse();
  };
  const append = (values: readonly unknown[]): void => {
    const list = top();
    if (!(list instanceof PyList || list instanceof PyOpaque))
      throw new Error('its pickle appends to something other than a list');
    const items = list instanceof PyList ? list.items : list.elements;
    for (const value of values) items.push(value);
  };
  const setItems = (values: readonly unknown[]): void => {
    const dict = top();
    if (!(dict instanceof PyDict || dict instanceof PyOpaque) || values.length % 2 !== 0)
      throw new Error('its pickle sets items of something other than a dict');
    for (let i = 0; i < values.length; i += 2) dict.items.push([values[i], values[i + 1]]);
  };
  const recall = (index: number): void => {
    if (!memo.has(index)) throw new Error(`its pickle recalls memo ${index}, which it never made`);
    stack.push(memo.get(index));
  };
  const call = (callable: unknown, args: unknown): unknown => {
    if (!(callable instanceof PyCallable || callable instanceof PyOpaque))
      throw new Error('its pickle calls something other than a function');
    if (callable instanceof PyOpaque) return world.opaque(callable, Array.isArray(args) ? (args as unknown[]) : []);
    if (!Array.isArray(args)) throw new Error(`its pickle calls ${callable.name} without a tuple of arguments`);
    return callable.call(args);
  };
  const build = (): void => {
    const state = pop();
    const target = top();
    if (target instanceof PyOpaque) {
      target.state = state;
      return;
    }
    if (!(target instanceof PyDict))
      throw new Error('its pickle sets the state of an object, which tensors do not need');
    if (!(state instanceof PyDict)) return;
    if (target.takesState) target.items = state.items;
    else target.attributes = state;
  };

  for (let operations = 0; ; operations++) {
    if (operations >= OPERATION_LIMIT) {
      throw new Error(
        `its pickle takes more than ${OPERATION_LIMIT} operations, far beyond any model's table of contents`,
      );
    }
    const code = u8();
    switch (code) {
      case 0x80: {
        const protocol = u8();
        if (protocol < 2 || protocol > 5) throw new Error(`its pickle is of protocol ${protocol}; 2 to 5 are read`);
        break;
      }
      case 0x95: // FRAME: only a hint about sizes
        take(8);
        break;
      case 0x2e: // STOP
        return { value: pop(), end: at };
      case 0x28:
        stack.push(MARK);
        break;
      case 0x30: // POP
        if (stack.length === 0) throw new Error('its pickle takes more from its stack than there is');
        stack.pop();
        break;
      case 0x31: // POP_MARK
        toMark();
        break;
      case 0x32: // DUP
        stack.push(top());
        break;
      case 0x4e:
        stack.push(null);
        break;
      case 0x88:
        stack.push(true);
        break;
      case 0x89:
        stack.push(false);
        break;
      case 0x4b: // BININT1
        stack.push(u8());
        break;
      case 0x4d: // BININT2
        stack.push(u16());
        break;
      case 0x4a: // BININT
        stack.push(view.getInt32(take(4), true));
        break;
      case 0x8a: // LONG1
        stack.push(long(raw(u8())));
        break;
      case 0x8b: // LONG4
        stack.push(long(raw(u32())));
        break;
      case 0x47: // BINFLOAT
        stack.push(view.getFloat64(take(8), false));
        break;
      case 0x55: // SHORT_BINSTRING
        stack.push(oldText(raw(u8())));
        break;
      case 0x54: // BINSTRING
        stack.push(oldText(raw(u32())));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(text(u8()));
        break;
      case 0x58: // BINUNICODE
        stack.push(text(u32()));
        break;
      case 0x8d: // BINUNICODE8
        stack.push(text(u64()));
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(raw(u8()));
        break;
      case 0x42: // BINBYTES
        stack.push(raw(u32()));
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(raw(u64()));
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new PyDict());
        break;
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET
        stack.push(new PyList());
        break;
      case 0x29: // EMPTY_TUPLE
        stack.push([]);
        break;
      case 0x85: // TUPLE1
      case 0x86:
      case 0x87:
        stack.push(popMany(code - 0x84));
        break;
      case 0x74: // TUPLE
      case 0x91: // FROZENSET
        stack.push(toMark());
        break;
      case 0x61: // APPEND
        append([pop()]);
        break;
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        append(toMark());
        break;
      case 0x73: // SETITEM
        setItems(popMany(2));
        break;
      case 0x75: // SETITEMS
        setItems(toMark());
        break;
      case 0x71: // BINPUT
        memo.set(u8(), top());
        break;
      case 0x72: // LONG_BINPUT
        memo.set(u32(), top());
        break;
      case 0x94: // MEMOIZE
        memo.set(memo.size, top());
        break;
      case 0x68: // BINGET
        recall(u8());
        break;
      case 0x6a: // LONG_BINGET
        recall(u32());
        break;
      case 0x63: {
        const module = line();
        stack.push(world.global(module, line()));
        break;
      }
      case 0x93: {
        const [module, name] = popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string')
          throw new Error('its pickle has a name that is not a string');
        stack.push(world.global(module, name));
        break;
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [callable, args] = popMany(2);
        stack.push(call(callable, args));
        break;
      }
      case 0x92: {
        const [callable, args] = popMany(3); // NEWOBJ_EX: arguments by name, too
        stack.push(call(callable, args));
        break;
      }
      case 0x62:
        build();
        break;
      case 0x51: // BINPERSID
        stack.push(world.persistent(pop()));
        break;
      default:
        throw new Error(
          `its pickle uses operation 0x${code.toString(16).padStart(2, '0')}${code > 0x20 && code < 0x7f ? ` ('${String.fromCharCode(code)}')` : ''} at byte ${at - 1}, which tensors do not need`,
        );
    }
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Error('a string in its pickle is not UTF-8');
  }
}

const latin1 = new TextDecoder('latin1');

/** A string of Python 2, which may be bytes of any kind. */
function oldText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return latin1.decode(bytes);
  }
}

/** A little-endian integer in two's complement; a bigint where a number does not hold it. */
function long(bytes: Uint8Array): number | bigint {
  if (bytes.length > LONG_LIMIT) throw new Error(`its pickle holds an integer of ${bytes.length} bytes`);
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).reverse();
  const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x0${digits.join('')}`));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
