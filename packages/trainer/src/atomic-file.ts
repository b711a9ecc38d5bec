import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const CHUNK = 2 ** 24; // well below the 2 GiB that one system call takes

/**
 * Writes a file so that its name holds either the old content or all of the new, whatever interrupts the process or
 * the machine: a temporary file is written, flushed to the disk and renamed, and the folder is flushed too.
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}${TEMPORARY}`;
  try {
    const file = await open(temporary, 'w');
    try {
      for (let at = 0; at < bytes.length;) {
        at += (await file.write(bytes, at, Math.min(CHUNK, bytes.length - at))).bytesWritten;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** The end of the name of a file that is being written. */
export const TEMPORARY = '.tmp';

/** Reads a file of any size; `readFile` stops at 2 GiB. */
export async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array((await file.stat()).size);
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK, bytes.length - at), at);
      if (bytesRead === 0) throw new Error(`readWhole: ${path} became shorter while it was read`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
