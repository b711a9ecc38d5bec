import { AudioError } from '@audio-ssl/audio-decoders';

/** A sound or a folder that is left out, and why. */
export interface Skipped {
  /** Its path, absolute. */
  readonly path: string;
  /** What was expected, what came, and what to do; without the path. */
  readonly reason: string;
  /** A short phrase to count by: `truncated`, `Microsoft ADPCM`, `no such file`, `too short`. */
  readonly cause: string;
  /** Set where no sound is lost with it: a folder that is listed already, what macOS leaves beside sounds, a socket. */
  readonly passedOver?: true;
}

/** Why something is left out. */
export type SkipReason = Omit<Skipped, 'path'>;

/** Thrown for a sound that cannot be used, with the phrase to count it by. */
export class UnusableSound extends Error {
  override readonly name = 'UnusableSound';
  constructor(
    reason: string,
    override readonly cause: string,
  ) {
    super(reason);
  }
}

/** What a system error means for a sound file or a folder, and what to do. */
const systemErrors: Readonly<Record<string, SkipReason>> = {
  ENOENT: {
    reason: 'no such file, or a link that leads nowhere (ENOENT); restore it or leave it out',
    cause: 'no such file',
  },
  ENOTDIR: { reason: 'no such file: a folder above it is a file (ENOTDIR); check its path', cause: 'no such file' },
  ELOOP: { reason: 'a link that leads to itself (ELOOP); leave it out', cause: 'link to itself' },
  EACCES: { reason: 'not readable for this user (EACCES); change its permissions', cause: 'not readable' },
  EPERM: { reason: 'not readable for this user (EPERM); change its permissions', cause: 'not readable' },
  EIO: { reason: 'the disk cannot read it (EIO); restore it from a copy', cause: 'disk error' },
  ENAMETOOLONG: { reason: 'its path is too long for the system (ENAMETOOLONG); shorten it', cause: 'path too long' },
};

/** The reason that an error gives to leave out what is at `path`. */
export function skipReason(error: unknown, path: string): SkipReason {
  if (error instanceof UnusableSound) return { reason: error.message, cause: error.cause };
  const { code, message } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : systemErrors[code];
  if (known) return known;
  const reason = message
    .replaceAll(`${path}: `, '')
    .replaceAll(path, 'it')
    .replace(/^openAudio: /, '');
  if (error instanceof AudioError) return { reason, cause: audioCause(error) };
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return { reason, cause: code };
  if (/allocation failed|array length|memory/i.test(message)) return { reason, cause: 'too large' };
  return { reason, cause: 'damaged' };
}

/** `WAV (Microsoft ADPCM)` that cannot be read counts as `Microsoft ADPCM`, whichever container it is in. */
function audioCause({ problem, format }: AudioError): string {
  if (problem !== 'unsupported' || format === undefined) return problem;
  return /\(([^()]+)\)$/.exec(format)?.[1] ?? format;
}

/** What a listing or `stat` says of an entry. */
export interface FileKind {
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

/** The reason to leave out what is there and is no plain file; `undefined` for a file. */
export function notAFile(found: FileKind): SkipReason | undefined {
  if (found.isFile()) return undefined;
  const what = kindOf(found);
  // A pipe may be there for a sound to come through it.
  const passedOver = found.isDirectory() || found.isFIFO() ? {} : ({ passedOver: true } as const);
  return { reason: `expected a file, got a ${what}; leave it out`, cause: what, ...passedOver };
}

function kindOf(found: FileKind): string {
  if (found.isDirectory()) return 'folder';
  if (found.isFIFO()) return 'pipe';
  return found.isSocket() ? 'socket' : 'device';
}
