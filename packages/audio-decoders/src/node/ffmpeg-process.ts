import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { AudioError } from '../audio-error.js';

/** Seconds that ffmpeg may take until the next samples come: a file that keeps it busy must not keep the program waiting. */
const PATIENCE = 30;

/** Bytes that ffmpeg may ask for at once: what a hostile header asks for. */
const LARGEST_ALLOCATION = 256 * 2 ** 20;

/** Complaints that are kept, and letters of each: a damaged file has one for each packet. */
const MOST = 20;
const LONGEST = 1000;

/** A line that ffmpeg marks as an error, behind the name of the part that says so. What a file says of itself stands further in. */
const COMPLAINT = /^(\[[^\]]* @ [^\]]*\] )?\[(error|fatal|panic)\] /;

/** A system ffmpeg that writes the samples of one file to a pipe. */
export interface FfmpegProcess {
  /** Its next bytes, at most `count`; fewer at the end alone. */
  take(count: number): Promise<Uint8Array>;
  /** After the end: how it ended; undefined when {@link kill} ended it. */
  finish(): Promise<FfmpegEnding | undefined>;
  /** Ends it. */
  kill(): void;
}

/** How a run of ffmpeg ended. */
export interface FfmpegEnding {
  /** Its exit code; 1 when a signal ended it. */
  readonly code: number;
  /** What it complained about, at most 21 lines; first of all of a signal that ended it. */
  readonly complaints: readonly string[];
  /** Seconds that the file declares, as far as it says; not what ffmpeg estimated from its size. */
  readonly seconds: number | undefined;
}

/** How it says that it guessed a length. */
const ESTIMATE = /Estimating duration from bitrate/;

/** There is no ffmpeg. */
export class NoFfmpegError extends Error {
  override readonly name = 'NoFfmpegError';
}

/** Starts ffmpeg on the first sound of a file; rejects with a {@link NoFfmpegError} where there is none. */
export async function startFfmpeg(path: string, demuxer: string): Promise<FfmpegProcess> {
  const args = [
    ...['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'level+info', '-max_alloc', `${LARGEST_ALLOCATION}`],
    // The path is a URL to ffmpeg: behind `file:` no name is taken for an option, an address or a list of files.
    ...['-threads', '1', '-protocol_whitelist', 'file,pipe', '-f', demuxer, '-i', `file:${path}`],
    ...['-map', '0:a:0', '-map_metadata', '-1', '-c:a', 'pcm_f32be', '-f', 'au', 'pipe:1'],
  ];
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  const started = once(child, 'spawn');
  const closed = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  child.on('error', () => {}); // told by `started`
  try {
    await started;
  } catch (cause) {
    throw new NoFfmpegError('no ffmpeg can be started', { cause });
  }
  const complaints: string[] = [];
  let seconds: number | undefined;
  let isEstimate = false;
  let line = ''; // that is not whole yet
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (line + text).split(/[\r\n]+/);
    line = lines.pop()!.slice(0, LONGEST);
    for (const whole of lines) {
      if (COMPLAINT.test(whole) && complaints.length < MOST) complaints.push(inWords(whole, path));
      seconds ??= durationIn(whole);
      isEstimate ||= ESTIMATE.test(whole);
    }
  });
  // An open sound must not keep a program from ending; the timer below does while somebody waits.
  for (const handle of [child, child.stdout, child.stderr] as { unref?(): void }[]) handle.unref?.();
  let killed = false;
  const { stdout } = child;
  stdout.on('error', () => {});

  const kill = (): void => {
    killed = true;
    child.kill('SIGKILL');
    stdout.destroy();
  };

  const chunks: AsyncIterator<Buffer> = stdout[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);

  /** The next bytes that come; patience runs only while somebody waits. */
  async function next(): Promise<Uint8Array | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(impatient()), PATIENCE * 1000);
    });
    try {
      const { value, done } = await Promise.race([chunks.next(), patience]);
      return done ? undefined : value;
    } catch (error) {
      if (killed) return undefined;
      kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    kill,
    async take(count) {
      const bytes = new Uint8Array(count);
      let found = 0;
      while (found < count) {
        if (rest.length === 0) rest = (await next()) ?? rest;
        if (rest.length === 0) break;
        const part = rest.subarray(0, count - found);
        bytes.set(part, found);
        found += part.length;
        rest = rest.subarray(part.length);
      }
      return bytes.subarray(0, found);
    },
    async finish() {
      child.ref();
      const { code, signal } = await closed;
      if (killed) return undefined;
      return {
        code: code ?? 1,
        complaints: signal ? [`ended by ${signal}`, ...complaints] : complaints,
        seconds: isEstimate ? undefined : seconds,
      };
    },
  };
}

/** Seconds of a line such as `Duration: 00:00:03.02, bitrate: 211 kb/s`. */
function durationIn(line: string): number | undefined {
  const [, hours, minutes, seconds] = /\bDuration: (\d+):(\d\d):(\d\d\.\d+),/.exec(line) ?? [];
  return hours === undefined ? undefined : 3600 * Number(hours) + 60 * Number(minutes) + Number(seconds);
}

function impatient(): AudioError {
  return new AudioError(
    `openAudioFile: expected samples from ffmpeg within ${PATIENCE} s, got none; leave the file out, or convert it to FLAC or WAV`,
    'damaged',
  );
}

/** A complaint without what marks it and the name of the file, and without control characters. */
function inWords(complaint: string, path: string): string {
  const words = complaint.replace(COMPLAINT, '').replaceAll(`file:${path}`, 'the file');
  return words
    .slice(0, LONGEST)
    .replace(/\p{Cc}/gu, ' ')
    .trim();
}
