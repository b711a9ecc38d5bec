import { AudioError } from '@audio-ssl/audio-decoders';
import { openAudioFile } from '@audio-ssl/audio-decoders/node';
import { createWriteStream } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { decodeText, looksLikeText } from './decode-text.js';
import { InputError } from './input-error.js';

/** What came from standard input. */
export type StandardInput =
  | {
      /** The file that the sound was written to. */
      readonly sound: string;
      /** Removes it. */
      remove(): Promise<void>;
    }
  | {
      /** The lines of a list. */
      readonly paths: readonly string[];
    };

/** What {@link readStandardInput} takes besides the stream. */
export interface StandardInputOptions {
  /** Whether a system `ffmpeg` may say what a sound is. */
  readonly ffmpeg?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes that tell a list from a sound. */
const HEAD = 2 ** 16;

/**
 * Reads standard input: a sound in any format that can be read, or a list of paths, one a line or separated by NUL. The
 * content decides. It goes to a temporary file as it comes, so that a sound may have any length.
 *
 * @throws InputError for what is neither, or a list in another encoding than UTF-8 and marked UTF-16
 */
export async function readStandardInput(
  stdin: AsyncIterable<Uint8Array>,
  { ffmpeg = true, signal }: StandardInputOptions = {},
): Promise<StandardInput> {
  const folder = await mkdtemp(join(tmpdir(), 'audio-ssl-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  let kept = false;
  try {
    const path = join(folder, 'standard-input');
    await pipeline(stdin, createWriteStream(path), { ...(signal && { signal }) }).catch(
      (error: NodeJS.ErrnoException) => {
        signal?.throwIfAborted();
        throw new InputError(
          `standard input cannot be kept in ${tmpdir()} (${error.code ?? error.message}); make room there, or set TMPDIR to another folder`,
        );
      },
    );
    const head = await headOf(path);
    if (!looksLikeText(head) && (await isSound(path, ffmpeg))) {
      kept = true;
      return { sound: path, remove };
    }
    // A list of names with control characters in them is no sound, and text all the same.
    if (looksLikeText(head) || !isBinary(head)) return { paths: pathsIn(await readFile(path)) };
    throw new InputError(
      'standard input is neither a sound in a format that can be read nor a list of paths, one a line; check what is piped into it',
    );
  } finally {
    if (!kept) await remove();
  }
}

async function headOf(path: string): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(HEAD), 0, HEAD, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Whether a file is a sound, be it one that cannot be read. */
async function isSound(path: string, ffmpeg: boolean): Promise<boolean> {
  try {
    (await openAudioFile(path, { damaged: 'keep', ffmpeg })).close();
    return true;
  } catch (error) {
    return error instanceof AudioError && error.problem !== 'not audio';
  }
}

/** Whether bytes are no text in any encoding of one byte a character: control characters beyond those of terminals. */
function isBinary(head: Uint8Array): boolean {
  const odd = head.filter((byte) => byte < 32 && ![0, 9, 10, 13, 27].includes(byte)).length;
  return 20 * odd > head.length || (head.includes(0) && odd > 0);
}

/** The paths of a list: separated by NUL, as `find -print0` does it, or one a line. */
function pathsIn(bytes: Uint8Array): readonly string[] {
  const text = decodeText(bytes, 'standard input');
  if (text.includes('\0')) return text.split('\0').filter(Boolean);
  return text.split(text.includes('\n') ? /\r?\n/ : '\r').filter((line) => line.trim() !== '');
}
