import { openFolder } from '@audio-ssl/datasets';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printable } from './quote.js';
import { undecodableFiles } from './undecodable-files.js';
import { InputError } from './input-error.js';

/** A sound to work on. */
export interface ListedSound {
  /** What it is called in the output: the path as it was given, `-` for one from standard input. */
  readonly id: string;
  /** Where it lies. */
  readonly path: string;
}

/** The sounds of a command line. */
export interface ListedSounds {
  readonly sounds: readonly ListedSound[];
  /** Removes what was written for a sound from standard input. */
  close(): Promise<void>;
}

/**
 * The sounds that a command line names: files, folders (every .wav and .flac below them), and `-`, standard input: a
 * sound itself, or paths, one a line. A path that is named twice counts once. A line whose file is missing is a sound as
 * any other, so that it fails alone; a path on the command line is a slip of the keyboard.
 *
 * @throws InputError for a path on the command line that does not exist, a list of which nothing exists, or a folder
 * without sounds
 */
export async function listSounds(
  inputs: readonly string[],
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<ListedSounds> {
  const sounds = new Map<string, ListedSound>();
  let temporary: string | undefined;
  const add = async (input: string): Promise<void> => {
    if (!existsSync(input)) throw new InputError(`${input}: no such file; check the path`);
    if (!statSync(input).isDirectory()) sounds.set(input, { id: input, path: input });
    else {
      const opened = await openFolder(input);
      const leftOut = undecodableFiles(opened);
      if (leftOut !== undefined) console.error(`${input}: ${leftOut}`);
      for (const { id } of opened.clips) sounds.set(join(input, id), { id: join(input, id), path: join(input, id) });
    }
  };
  const close = async (): Promise<void> => {
    if (temporary !== undefined) await rm(temporary, { recursive: true });
  };
  try {
    for (const input of inputs) {
      if (input !== '-') {
        await add(input);
        continue;
      }
      const bytes = await readAll(stdin);
      if (isSound(bytes)) {
        temporary = await mkdtemp(join(tmpdir(), 'audio-ssl-'));
        const path = join(temporary, bytes.toString('latin1', 0, 4) === 'fLaC' ? 'stdin.flac' : 'stdin.wav');
        await writeFile(path, bytes);
        sounds.set('-', { id: '-', path });
        continue;
      }
      const lines = bytes.toString('utf8').split(/\r?\n/).filter(Boolean);
      if (lines.length > 0 && !lines.some((line) => existsSync(line)))
        throw new InputError(
          `${printable(lines[0] as string)}: no such file; expected a WAV or FLAC file or paths, one a line, on standard input`,
        );
      for (const line of lines) {
        if (existsSync(line)) await add(line);
        else sounds.set(line, { id: line, path: line });
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  if (sounds.size === 0) throw new InputError('no sounds: name files, folders, or - for standard input');
  return { sounds: [...sounds.values()], close };
}

/** Whether bytes are a sound's and no list of paths, which may begin with the same letters. */
function isSound(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, 12);
  if (/^(RIFF|RIFX|RF64)/.test(text)) return text.endsWith('WAVE');
  if (text.startsWith('ID3')) return bytes[3]! < 32; // its version, no letter of a name
  return text.startsWith('fLaC') && (bytes[4]! & 0x7f) === 0; // the type of the first block, with a flag
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
