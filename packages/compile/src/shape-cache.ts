import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { NodeBackend } from './node-backend.js';
import type { KnownShapes } from './trace.js';

/** What earlier processes found of the operations that a function with these arguments uses; empty when nothing is kept. */
export function readShapes(folder: string, signature: string, backend: NodeBackend): KnownShapes {
  try {
    return new Map(JSON.parse(readFileSync(fileOf(folder, signature, backend), 'utf8')) as [string, never][]);
  } catch {
    return new Map(); // not there, or cut off: it is found again
  }
}

/** Keeps them; a folder that can not be written is no reason to stop. */
export function writeShapes(folder: string, signature: string, backend: NodeBackend, shapes: KnownShapes): void {
  const file = fileOf(folder, signature, backend);
  const unfinished = `${file}.${process.pid}.${threadId}`;
  try {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(unfinished, JSON.stringify([...shapes]));
      renameSync(unfinished, file);
    } finally {
      rmSync(unfinished, { force: true });
    }
  } catch {
    // The next process finds the shapes again.
  }
}

function fileOf(folder: string, signature: string, { binding }: NodeBackend): string {
  const name = createHash('sha256').update(`${binding.TF_Version};${signature}`).digest('hex');
  return join(folder, `shapes-${name.slice(0, 32)}.json`);
}
