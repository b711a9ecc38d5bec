/** Where the module lies. Stands in this file because `src/` and `dist/` are equally deep, while `src/codec/` is not. */
export const DECODER_URL = new URL('../wasm/decoders.wasm', import.meta.url);
