import { KERNEL_BYTES } from './kernel-bytes.js';

/** What native/ exports; addresses are in bytes. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly __heap_base: { readonly value: number };
  /** See native/log-mel.c. */
  logMel(program: number, signal: number, rows: number, stride: number, from: number, frames: number): number;
  /** See native/resample.c. */
  resample(program: number, input: number, output: number, apart: number): void;
  allFinite(samples: number, count: number): number;
  /** See native/mix.c. */
  average(left: number, right: number, count: number): void;
}

/** Types of WebAssembly that neither ES2022 nor Node's types have. */
interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** What one computation keeps in the memory of the kernel, and where: tables, and room for what it works on. */
export interface Program {
  /** Where its description is, which the kernel's functions take. */
  readonly at: number;
  readonly tables: readonly { readonly at: number; readonly bytes: Uint8Array }[];
  /** Where its room ends. */
  readonly end: number;
}

/** Lays out a {@link Program}. */
export interface Layout {
  /** Puts a table and returns its address. */
  put(values: Float32Array | Int32Array): number;
  /** Keeps room of so many bytes and returns its address. */
  reserve(bytes: number): number;
  /** Ends with the description. */
  program(description: Int32Array): Program;
}

/**
 * The module of native/, once per thread. Its memory is a scratch pad: it holds the tables of the last program alone, and
 * grows to the largest one, {@link MEMORY} at most.
 */
export interface Kernel {
  readonly exports: Exports;
  layout(): Layout;
  /** Makes room for a program; false when it is larger than the memory may become. */
  hasRoom(program: Program): boolean;
  /** Puts the tables of a program into memory, unless they are there; returns the memory, in numbers. */
  load(program: Program): Float32Array;
}

const MEMORY = 8e6;
const PAGE = 65_536;

let kernel: Kernel | undefined;
let refused = false;

/**
 * The kernel of this thread; none where WebAssembly has no vectors or is not allowed, say by a content security policy:
 * then everything is computed in TypeScript.
 */
export function findKernel(): Kernel | undefined {
  if (kernel || refused) return kernel;
  try {
    kernel = instantiate();
  } catch {
    refused = true;
  }
  return kernel;
}

function instantiate(): Kernel {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyGlobal }).WebAssembly;
  const bytes = Uint8Array.from(atob(KERNEL_BYTES), (letter) => letter.charCodeAt(0));
  const exports = new Instance(new Module(bytes)).exports as Exports;
  let loaded: Program | undefined;
  let memory = new Float32Array(exports.memory.buffer);

  return {
    exports,
    layout: () => createLayout(exports.__heap_base.value),
    hasRoom({ end }) {
      const missing = end - exports.memory.buffer.byteLength;
      if (end > MEMORY) return false;
      if (missing <= 0) return true;
      try {
        exports.memory.grow(Math.ceil(missing / PAGE));
      } catch {
        return false; // the system has none left
      }
      memory = new Float32Array(exports.memory.buffer);
      return true;
    },
    load(program) {
      if (loaded !== program) {
        const all = new Uint8Array(exports.memory.buffer);
        for (const { at, bytes: table } of program.tables) all.set(table, at);
        loaded = program;
      }
      return memory;
    },
  };
}

function createLayout(start: number): Layout {
  const tables: { at: number; bytes: Uint8Array }[] = [];
  let end = start;
  const reserve = (bytes: number): number => {
    const at = Math.ceil(end / 16) * 16;
    end = at + bytes;
    return at;
  };
  const put = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): number => {
    const at = reserve(byteLength);
    tables.push({ at, bytes: new Uint8Array(buffer, byteOffset, byteLength) });
    return at;
  };
  return {
    put,
    reserve,
    program: (description) => {
      const at = put(description);
      return { at, tables, end };
    },
  };
}
