import { open } from 'node:fs/promises';
import { requireRange, type ByteSource } from './byte-source.js';

const CHUNK = 2 ** 24; // well below the 2 GiB that one system call takes

/**
 * A source that reads from a file, piece by piece as it is asked.
 *
 * @throws Error naming the path when it is not a readable file.
 * @example
 * const file = await openTensors(await openFile('matpac_10_2048.pt'));
 */
export async function openFile(path: string): Promise<ByteSource> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`openFile: ${path}: ${error.code === 'ENOENT' ? 'no such file' : error.message}; check the path`);
  });
  const status = await handle.stat();
  if (!status.isFile()) {
    await handle.close();
    throw new Error(`openFile: ${path}: expected a file, got ${status.isDirectory() ? 'a folder' : 'a device'}`);
  }
  const range = { name: path, size: status.size };
  return {
    ...range,
    read: async (offset, length) => {
      requireRange(range, offset, length);
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length;) {
        const { bytesRead } = await handle.read(bytes, at, Math.min(CHUNK, length - at), offset + at);
        if (bytesRead === 0) throw new Error(`openFile: ${path} became shorter while it was read`);
        at += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}
