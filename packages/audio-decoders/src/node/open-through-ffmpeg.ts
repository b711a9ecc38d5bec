import { AudioError } from '../audio-error.js';
import type { AudioFile, OpenAudioOptions } from '../audio-file.js';
import { viewOf } from '../bytes/read-bytes.js';
import { joinParts } from '../join-parts.js';
import { truncatedError, truncation } from '../truncation.js';
import { floatCoding } from '../pcm/pcm-coding.js';
import { startFfmpeg, type FfmpegProcess } from './ffmpeg-process.js';

/** Bytes of the header of an AU file, behind which a comment may stand. */
const HEADER = 24;

/** Lines that it takes to complain about one packet: the last one of a healthy file may be filled up. */
const LAST_PACKET = 2;

/** Seconds by which a header may be off: encoders round up to whole packets, and count their delay in. */
const SLACK = 0.5;

/** Formats that may hold pictures, too: what ffmpeg says of their length need not be that of the sound. */
const FILMS: ReadonlySet<string> = new Set(['asf', 'avi', 'flv', 'matroska', 'mov', 'mpeg', 'mpegts', 'rm']);

/** Frames that are taken at once. */
const PART = 65_536;

/** A run of ffmpeg from the start of a file, and the frames taken from it. */
interface Run {
  readonly ffmpeg: FfmpegProcess;
  readonly sampleRate: number;
  readonly channels: number;
  position: number;
}

interface FfmpegOptions extends OpenAudioOptions {
  /** Name of the format. */
  readonly name: string;
  /** What ffmpeg calls it. */
  readonly demuxer: string;
  /** Seconds that the header declares, where it does. */
  readonly seconds: number | undefined;
}

/**
 * Opens a file through a system ffmpeg; undefined when it finds no sound in it either. Reading on is cheap; a place further on is reached by decoding up to it, one before by starting
 * again: so it is exact, whatever the format.
 */
export async function openThroughFfmpeg(
  path: string,
  { name, demuxer, seconds, damaged }: FfmpegOptions,
): Promise<AudioFile | undefined> {
  const format = `${name} (through ffmpeg)`;
  const first = await start(path, demuxer);
  if (!first) return undefined;
  const { sampleRate, channels } = first;
  const coding = floatCoding(32, channels, true);
  let run: Run | undefined = first;
  let damage: string | undefined;
  let closed = false;

  async function runBefore(place: number): Promise<Run> {
    if (run && run.position > place) {
      run.ffmpeg.kill();
      run = undefined;
    }
    run ??= await start(path, demuxer);
    if (closed) run?.ffmpeg.kill(); // meanwhile
    if (run && run.sampleRate === sampleRate && run.channels === channels) return run;
    run?.ffmpeg.kill();
    throw new AudioError(
      `openAudioFile: expected ffmpeg to read the file again as before, got another sound; the file was changed, open it again`,
      'damaged',
      format,
    );
  }

  /** The next frames, in an array for each channel. */
  async function take(from: Run, count: number): Promise<Float32Array[]> {
    const bytes = await from.ffmpeg.take(count * coding.blockBytes).catch((error: unknown) => {
      run = undefined; // it was given up; another try starts anew
      throw error;
    });
    const frames = coding.framesIn(bytes.length);
    const out = Array.from({ length: channels }, () => new Float32Array(frames));
    coding.decode(bytes.subarray(0, frames * coding.blockBytes), frames, out, 0);
    from.position += frames;
    if (frames < count) await end(from);
    return out;
  }

  /** Looks at how the run ended. */
  async function end(from: Run): Promise<void> {
    const ending = await from.ffmpeg.finish();
    if (!ending) return; // it was ended here
    const { code, complaints } = ending;
    const declared = seconds ?? (FILMS.has(demuxer) ? undefined : ending.seconds);
    const after = `after ${(from.position / sampleRate).toFixed(1)} s`;
    const said = complaints[0] ?? `exit code ${code}`;
    const missing = (declared ?? 0) - from.position / sampleRate;
    if (declared !== undefined && missing > SLACK) {
      const lost = { missing, total: declared };
      if (damaged !== 'keep') throw truncatedError(format, lost);
      damage = code === 0 ? truncation(lost) : `${truncation(lost)}; ffmpeg said ${JSON.stringify(said)} ${after}`;
      return;
    }
    if (code === 0 && complaints.length <= LAST_PACKET) return;
    if (damaged === 'keep') {
      damage = `ffmpeg said ${JSON.stringify(said)} ${after}`;
      return;
    }
    throw new AudioError(
      `openAudioFile: expected a whole ${name} file, got ${JSON.stringify(said)} from ffmpeg ${after}; the file is truncated or damaged: fetch it again, or pass \`damaged\` keep to use what is there`,
      'damaged',
      format,
    );
  }

  return {
    sampleRate,
    channels,
    frames: undefined,
    format,
    get damage() {
      return damage;
    },
    async read(from, count) {
      const source = await runBefore(from);
      let ended = false;
      const next = async (most: number): Promise<Float32Array[]> => {
        const wanted = Math.min(PART, most);
        const part = await take(source, wanted);
        ended = part[0]!.length < wanted;
        return part;
      };
      while (source.position < from && !ended) await next(from - source.position);
      const parts: Float32Array[][] = [];
      while (source.position < from + count && !ended) parts.push(await next(from + count - source.position));
      return joinParts(parts, channels);
    },
    close() {
      closed = true;
      run?.ffmpeg.kill();
      run = undefined;
    },
  };
}

/** Starts ffmpeg and reads the header that it writes; undefined when it writes none. */
async function start(path: string, demuxer: string): Promise<Run | undefined> {
  const ffmpeg = await startFfmpeg(path, demuxer);
  try {
    const header = await ffmpeg.take(HEADER);
    const view = viewOf(header);
    if (header.length === HEADER && (await ffmpeg.take(view.getUint32(4) - HEADER))) {
      return { ffmpeg, sampleRate: view.getUint32(16), channels: view.getUint32(20), position: 0 };
    }
  } catch (error) {
    ffmpeg.kill();
    throw error;
  }
  ffmpeg.kill();
  return undefined;
}
