import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeBackend } from './node-backend.js';
import type { KnownShapes } from './trace.js';

/**
 * The shapes that earlier processes found for a function with these arguments; empty when there are none. A wrong shape would
 * end every run, so a file that is not what was written, by its checksum, counts as none.
 */
export function readShapes(folder: string, signature: string, backend: NodeBackend): KnownShapes {
  try {
    const text = readFileSync(fileOf(folder, signature, backend), 'utf8');
    const content = text.slice(SUM_LENGTH + 1);
    if (text === withSum(content)) return new Map(JSON.parse(content) as Entries);
  } catch {
    // missing
  }
  return new Map(); // found again
}

type Entries = [key: string, made: NonNullable<ReturnType<KnownShapes['get']>>][];

const SUM_LENGTH = 64;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The content behind a line with its checksum. */
const withSum = (content: string): string => `${sha256(content)}\n${content}`;

/** Writes shapes for later processes; a folder that cannot be written is ignored. */
export function writeShapes(folder: string, signature: string, backend: NodeBackend, shapes: KnownShapes): void {
  const file = fileOf(folder, signature, backend);
  const unfinished = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(unfinished, withSum(JSON.stringify([...shapes])), { flag: 'wx' });
      renameSync(unfinished, file);
    } finally {
      rmSync(unfinished, { force: true });
    }
  } catch {
    // The next process finds the shapes again.
  }
}

function fileOf(folder: string, signature: string, { binding }: NodeBackend): string {
  const name = sha256(`${binding.TF_Version};${signature}`);
  return join(folder, `shapes-${name.slice(0, 32)}.json`);
}
