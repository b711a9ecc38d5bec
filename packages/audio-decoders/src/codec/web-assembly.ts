declare const compiled: unique symbol;

/** A compiled module: what `WebAssembly.Module` is where the types of a browser are known. */
export interface CompiledModule {
  /** Tells it from other objects; there is none in it. */
  readonly [compiled]?: never;
}

/** What is used of WebAssembly: neither ES2022 nor Node's types have it, and the browser's would bring all of a page. */
export interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array | ArrayBuffer) => CompiledModule;
  readonly Instance: new (module: CompiledModule, imports: object) => { readonly exports: unknown };
  compile(bytes: Uint8Array | ArrayBuffer): Promise<CompiledModule>;
}

/** A module's memory. */
export interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}

/** The WebAssembly of this thread. */
export const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyGlobal }).WebAssembly;
