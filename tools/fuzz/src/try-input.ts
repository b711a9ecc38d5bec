import { readFileSync, writeFileSync } from 'node:fs';
import { AudioError, openAudio } from '@audio-ssl/audio-decoders';
import type { Seed } from './seeds.js';

/** What became of an input. */
export interface Outcome {
  /** `decoded`, or the problem that it was refused for. */
  readonly result: string;
  /** Seconds of work. */
  readonly seconds: number;
  /** MB more than before, at most. */
  readonly megabytes: number;
  /** What is wrong about that; undefined when nothing is. */
  readonly fault: string | undefined;
}

/** What an input may cost. Work is counted, not time: a busy machine is no hang. */
const LIMITS = { seconds: 2, megabytes: 300 };

/** Formats in which each part of the sound has a checksum. */
const CHECKED = /\bFLAC\b|^Ogg/;

/** Frames that are read at once. */
const PART = 65_536;

/** Decodes what became of `seed` as training does, in parts: refusing what is damaged, then keeping what can be read of it. */
export async function tryInput(bytes: Uint8Array, seed: Seed): Promise<Outcome> {
  const memory = watchMemory();
  const before = process.cpuUsage();
  let result = 'decoded';
  let fault: string | undefined;
  try {
    const original = CHECKED.test(seed.format) ? await samplesOf(seed) : undefined;
    const got = new Samples(original);
    await decode(bytes, { damaged: 'refuse' }, (part) => got.take(part));
    got.end();
    fault = got.fault;
  } catch (error) {
    result = error instanceof AudioError ? error.problem : 'no AudioError';
    fault = faultOf(error);
  }
  fault ??= await faultOfKeeping(bytes);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  const megabytes = memory();
  if (seconds > LIMITS.seconds) fault ??= `took ${seconds.toFixed(1)} s`;
  if (megabytes > LIMITS.megabytes) fault ??= `took ${megabytes.toFixed(0)} MB`;
  return { result, seconds, megabytes, fault };
}

/** What is wrong about keeping what can be read of a damaged file, and about starting in its middle. */
async function faultOfKeeping(bytes: Uint8Array): Promise<string | undefined> {
  const got = new Samples(undefined);
  try {
    await decode(bytes, { damaged: 'keep', middleFirst: true }, (part) => got.take(part));
    return got.fault;
  } catch (error) {
    return faultOf(error);
  }
}

interface DecodeOptions {
  readonly damaged: 'refuse' | 'keep';
  /** Whether a stretch from the middle is read before all of it. */
  readonly middleFirst?: boolean;
}

async function decode(
  bytes: Uint8Array,
  { damaged, middleFirst = false }: DecodeOptions,
  take: (part: readonly Float32Array[]) => void,
): Promise<void> {
  const sound = await openAudio(bytes, { damaged });
  try {
    if (middleFirst) take(await sound.read(Math.floor((sound.frames ?? PART) / 2), 1000));
    for (let position = 0; ; position += PART) {
      const part = await sound.read(position, PART);
      take(part);
      if ((part[0]?.length ?? 0) < PART) break;
    }
  } finally {
    sound.close();
  }
}

const decoded = new Map<Seed, Float32Array[][]>();

/** The parts of a healthy file. */
async function samplesOf(seed: Seed): Promise<Float32Array[][]> {
  const parts: Float32Array[][] = [];
  if (!decoded.has(seed)) await decode(seed.bytes, { damaged: 'refuse' }, (part) => parts.push([...part]));
  if (!decoded.has(seed)) decoded.set(seed, parts);
  return decoded.get(seed)!;
}

/** Looks at samples as they come. */
class Samples {
  fault: string | undefined;
  #parts = 0;
  #frames = 0;

  constructor(private readonly original: readonly Float32Array[][] | undefined) {}

  take(part: readonly Float32Array[]): void {
    if (part.some((samples) => samples.some((sample) => !Number.isFinite(sample))))
      this.fault ??= 'a sample that is no number';
    this.#frames += part[0]?.length ?? 0;
    const expected = this.original?.[this.#parts++];
    if (!this.original || part[0]?.length === 0) return;
    const isSame = expected?.length === part.length && expected.every((samples, c) => equal(samples, part[c]!));
    if (!isSame) this.fault ??= 'other samples than the healthy file, and no error';
  }

  /** After the last part. */
  end(): void {
    const expected = this.original?.reduce((sum, part) => sum + (part[0]?.length ?? 0), 0) ?? 0;
    if (this.#frames < expected) {
      this.fault ??= `${this.#frames} samples in place of the ${expected} of the healthy file, and no error`;
    }
  }
}

function equal(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && Buffer.compare(asBytes(a), asBytes(b)) === 0;
}

function asBytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function faultOf(error: unknown): string | undefined {
  if (!(error instanceof AudioError)) return `no AudioError: ${error instanceof Error ? error.stack : String(error)}`;
  if (error.message.trim() === '') return 'an error without words';
  if (/\p{Cc}/u.test(error.message + (error.format ?? '')))
    return `control characters: ${JSON.stringify(error.message)}`;
  return undefined;
}

/** Returns what tells the MB that this process held more than now, at most. Linux alone counts that. */
function watchMemory(): () => number {
  const field = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
  try {
    writeFileSync('/proc/self/clear_refs', '5'); // the peak starts anew
    const before = field('VmRSS');
    return () => field('VmHWM') - before;
  } catch {
    const before = process.memoryUsage().rss;
    return () => Math.max(0, process.memoryUsage().rss - before) / 2 ** 20;
  }
}
