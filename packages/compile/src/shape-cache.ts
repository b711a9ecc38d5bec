import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { NodeBackend } from './node-backend.js';
import type { KnownShapes } from './trace.js';

/** The shapes that earlier processes found for a function with these arguments; empty when there are none. */
export function readShapes(folder: string, signature: string, backend: NodeBackend): KnownShapes {
  try {
    const entries: unknown = JSON.parse(readFileSync(fileOf(folder, signature, backend), 'utf8'));
    if (Array.isArray(entries) && entries.every(isEntry)) return new Map(entries);
  } catch {
    // missing, or cut off
  }
  return new Map(); // found again
}

function isEntry(entry: unknown): entry is [string, { shape: number[]; dtype: number }[]] {
  if (!Array.isArray(entry)) return false;
  const [key, made] = entry as unknown[];
  return typeof key === 'string' && Array.isArray(made) && made.every(isMade);
}

function isMade(made: unknown): boolean {
  const { shape, dtype } = (made ?? {}) as { readonly [name: string]: unknown };
  return Number.isInteger(dtype) && Array.isArray(shape) && shape.every(Number.isInteger);
}

/** Writes shapes for later processes; a folder that cannot be written is ignored. */
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
