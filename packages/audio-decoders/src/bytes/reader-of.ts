import type { AudioSource, ByteReader } from '../audio-file.js';
import { readAhead } from './read-ahead.js';

/** What reads a blob at once; there is one in workers alone. */
interface BlobReader {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/**
 * A reader of any source.
 *
 * @throws TypeError for anything else, such as the path that only `openAudioFile` takes.
 */
export async function readerOf(source: AudioSource): Promise<ByteReader> {
  if (source instanceof Uint8Array) return readerOfBytes(source);
  if (source instanceof ArrayBuffer) return readerOfBytes(new Uint8Array(source));
  if (!(source instanceof Blob)) {
    if (typeof (source as Partial<ByteReader> | null | undefined)?.read === 'function') return source;
    const got = typeof source === 'string' ? 'a text' : Object.prototype.toString.call(source).slice(8, -1);
    throw new TypeError(
      `openAudio: expected a Uint8Array, an ArrayBuffer, a Blob or a reader of bytes, got ${got}; the path of a file is for openAudioFile of @audio-ssl/audio-decoders/node`,
    );
  }
  const { FileReaderSync } = globalThis as { FileReaderSync?: new () => BlobReader };
  if (FileReaderSync) return readAhead(readerOfBlob(source, new FileReaderSync()));
  return readerOfBytes(new Uint8Array(await source.arrayBuffer()));
}

function readerOfBytes(bytes: Uint8Array): ByteReader {
  return {
    size: bytes.length,
    read(position, target) {
      const found = bytes.subarray(position, position + target.length);
      target.set(found);
      return found.length;
    },
  };
}

function readerOfBlob(blob: Blob, reader: BlobReader): ByteReader {
  return {
    size: blob.size,
    read(position, target) {
      const found = new Uint8Array(reader.readAsArrayBuffer(blob.slice(position, position + target.length)));
      target.set(found);
      return found.length;
    },
  };
}
