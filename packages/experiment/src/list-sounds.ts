import { openFolder } from '@audio-ssl/datasets';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from './input-error.js';
import { printable } from './printable.js';
import type { Reporter } from './reporter.js';
import { undecodableFiles } from './undecodable-files.js';

/** A sound to work on. */
export interface ListedSound {
  /** Its name in the output: the path as it was given, `-` for a sound from standard input. */
  readonly id: string;
  /** Its file. */
  readonly path: string;
}

/** The sounds that inputs name. */
export interface ListedSounds {
  readonly sounds: readonly ListedSound[];
  /** Removes the file that was written for a sound from standard input. */
  close(): Promise<void>;
}

/** How {@link listSounds} reads its inputs. */
export interface ListSoundsOptions {
  /** What `-` among the inputs reads, such as `process.stdin`. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  readonly reporter?: Reporter | undefined;
}

/**
 * Lists the sounds that inputs name: files, folders (every .wav and .flac below them), and `-`, standard input: a sound
 * itself, or paths, one a line. A path that is named twice counts once. A missing file on a line of standard input is
 * listed like any other, so that it fails alone; a missing file among the inputs is taken for a typing error.
 *
 * @throws InputError for an input that does not exist, a list of which nothing exists, a folder without sounds, or `-`
 * without `stdin`
 * @example
 * const { sounds, close } = await listSounds(['recordings', 'one more.wav']);
 */
export async function listSounds(inputs: readonly string[], options: ListSoundsOptions = {}): Promise<ListedSounds> {
  const { stdin, reporter } = options;
  const sounds = new Map<string, ListedSound>();
  let temporary: string | undefined;
  const add = async (input: string): Promise<void> => {
    if (!existsSync(input)) throw new InputError(`${input}: no such file; check the path`);
    if (!statSync(input).isDirectory()) sounds.set(input, { id: input, path: input });
    else {
      const opened = await openFolder(input);
      const leftOut = undecodableFiles(opened);
      if (leftOut !== undefined) reporter?.warning?.(`${input}: ${leftOut}`);
      for (const { id } of opened.clips) sounds.set(join(input, id), { id: join(input, id), path: join(input, id) });
    }
  };
  const close = async (): Promise<void> => {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  };
  try {
    for (const input of inputs) {
      if (input !== '-') {
        await add(input);
        continue;
      }
      if (!stdin) throw new InputError('the input - means standard input; give it as `stdin`', 'option');
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
          `${printable(lines[0]!)}: no such file; expected a WAV or FLAC file or paths, one a line, on standard input`,
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

/** Whether bytes are a sound and not a list of paths, which may begin with the same letters. */
function isSound(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, 12);
  if (/^(RIFF|RIFX|RF64)/.test(text)) return text.endsWith('WAVE');
  if (text.startsWith('ID3')) return bytes[3]! < 32; // its version, which is not a letter of a name
  return text.startsWith('fLaC') && (bytes[4]! & 0x7f) === 0; // the type of the first block, with a flag
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
