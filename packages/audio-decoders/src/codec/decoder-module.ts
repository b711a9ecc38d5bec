import { AudioError } from '../audio-error.js';
import { decoderUrl } from '../decoder-url.js';
import { webAssembly, type CompiledModule } from './web-assembly.js';

/** What a compiled module can come from: itself, its bytes, where it lies, or the answer to a request for it. */
export type DecoderSource = CompiledModule | DecoderBytes;

/** Where the bytes of the module can come from. */
type DecoderBytes = Uint8Array | ArrayBuffer | URL | string | Response | Promise<Response>;

let compiled: Promise<CompiledModule> | undefined;

/**
 * Says where the WebAssembly module of the decoders comes from. It is found beside the package without that; a bundler
 * that moves files, or a thread that was handed the compiled module, needs it. Applies to sounds opened afterwards.
 *
 * The module needs WebAssembly SIMD, which every browser has had since March 2023, and Node since version 16.
 *
 * @example
 * useDecoder(new URL('@audio-ssl/audio-decoders/decoders.wasm', import.meta.url)); // in a bundle
 */
export function useDecoder(source: DecoderSource): void {
  compiled = compile(source);
  compiled.catch(() => {}); // told to whoever opens a sound
}

/** The compiled module, the same for all who ask: hand it to worker threads so that they need not compile it again. */
export function decoderModule(): Promise<CompiledModule> {
  if (!compiled) {
    const attempt = compile();
    compiled = attempt;
    // A failed request must not stick: the network may be back for the next sound.
    attempt.catch(() => {
      if (compiled === attempt) compiled = undefined;
    });
  }
  return compiled;
}

/** Without a source: the module beside the package. */
async function compile(source?: DecoderSource): Promise<CompiledModule> {
  if (source instanceof webAssembly.Module) return source;
  const where =
    source === undefined
      ? 'wasm/decoders.wasm beside the package'
      : typeof source === 'string' || source instanceof URL
        ? String(source)
        : 'what useDecoder was given';
  try {
    return await webAssembly.compile(await fetchBytes((source as DecoderBytes | undefined) ?? decoderUrl()));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new AudioError(
      `openAudio: expected the WebAssembly module of the decoders at ${where}, got: ${message}; give useDecoder the URL or the bytes of wasm/decoders.wasm of @audio-ssl/audio-decoders`,
      'unsupported',
      undefined,
      { cause },
    );
  }
}

async function fetchBytes(source: DecoderBytes): Promise<Uint8Array | ArrayBuffer> {
  if (source instanceof ArrayBuffer || source instanceof Uint8Array) return source;
  if (typeof source === 'string' || source instanceof URL) {
    const address = String(source);
    // Node's fetch reads no files. Not imported: a bundler for browsers would look for the module.
    const files = globalThis.process?.getBuiltinModule?.('node:fs/promises');
    if (files && address.startsWith('file:')) return requireModule(await files.readFile(new URL(address)));
    return answered(await fetch(address));
  }
  return answered(await source);
}

async function answered(response: Response): Promise<Uint8Array | ArrayBuffer> {
  if (!response.ok) throw new Error(`status ${response.status}`);
  return requireModule(new Uint8Array(await response.arrayBuffer()));
}

/** Servers of single-page applications answer any address with their page. */
function requireModule<T extends Uint8Array>(bytes: T): T {
  if (bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d) return bytes;
  throw new Error(bytes[0] === 0x3c ? 'a web page' : `${bytes.length} bytes that are no WebAssembly module`);
}
