/**
 * Where the module lies. Stands in this file because `src/` and `dist/` are equally deep, while `src/codec/` is not; and in
 * a function, because a bundle that is no module has no address, and may never ask.
 */
export const decoderUrl = (): URL => new URL('../wasm/decoders.wasm', import.meta.url);
