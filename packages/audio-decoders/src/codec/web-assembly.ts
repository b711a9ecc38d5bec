/** What is used of WebAssembly: neither ES2022 nor Node's types have it, and the browser's would bring all of a page. */
export interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array | ArrayBuffer) => WebAssembly.Module;
  readonly Instance: new (module: WebAssembly.Module, imports: object) => { readonly exports: unknown };
  compile(bytes: Uint8Array | ArrayBuffer): Promise<WebAssembly.Module>;
}

/** A module's memory. */
export interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}

/** The WebAssembly of this thread. */
export const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyGlobal }).WebAssembly;
