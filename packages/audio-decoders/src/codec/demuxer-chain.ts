import { AudioError } from '../audio-error.js';
import type { CodecSetup } from './decoder-instance.js';
import type { Demuxer, Packet } from './demuxer.js';
import type { Findings } from './findings.js';

/** A stream of its own, one of several that follow one another in a file. */
interface Link {
  readonly demuxer: Demuxer;
  /** Container and coding of it. */
  readonly format: string;
}

/**
 * Opens the streams that begin at `starts`, one behind the other. One that does not go on in the same rate and channels, or
 * cannot be read, ends the sound: it is refused, or left out with all behind it and noted.
 */
export function openChain(
  starts: readonly number[],
  open: (start: number, end: number | undefined) => Demuxer,
  findings: Findings,
): Demuxer {
  const links: Link[] = [];
  for (const [i, start] of starts.entries()) {
    const link = i === 0 ? openLink(open, start, starts[1], findings) : openNext(start, starts[i + 1]);
    if (!link) break;
    links.push(link);
  }
  findings.format = joinFormats(links.map(({ format }) => format));
  return links.length === 1 ? links[0]!.demuxer : new DemuxerChain(links.map(({ demuxer }) => demuxer));

  function openNext(start: number, end: number | undefined): Link | undefined {
    const first = links[0]!;
    const frames = links.reduce((sum, { demuxer }) => sum + (demuxer.frames ?? 0), 0);
    const at = `byte ${start}, after ${(frames / first.demuxer.codec.sampleRate).toFixed(1)} s`;
    const leaveOut = (format: string, what: string): undefined => {
      findings.format = first.format;
      findings.leaveOut(what, at, thenFormat(first.format, format));
    };
    let link: Link;
    try {
      link = openLink(open, start, end, findings);
    } catch (error) {
      if (!(error instanceof AudioError) || error.problem !== 'unsupported') throw error;
      const format = error.format ?? 'an unknown coding';
      return leaveOut(format, format);
    }
    const [before, { codec }] = [first.demuxer.codec, link.demuxer];
    if (codec.sampleRate === before.sampleRate && codec.channels === before.channels) return link;
    return leaveOut(link.format, `${link.format} of ${words(codec)} behind ${first.format} of ${words(before)}`);
  }
}

function openLink(
  open: (start: number, end: number | undefined) => Demuxer,
  start: number,
  end: number | undefined,
  findings: Findings,
): Link {
  const demuxer = open(start, end);
  return { demuxer, format: findings.format ?? '' };
}

function words({ channels, sampleRate }: CodecSetup): string {
  return `${channels} ${channels === 1 ? 'channel' : 'channels'} at ${sampleRate} Hz`;
}

/** `Ogg (Vorbis and Opus)`, of `Ogg (Vorbis)` and `Ogg (Opus)`. */
function joinFormats(formats: readonly string[]): string {
  const [first = '', ...others] = new Set(formats);
  return others.length === 0 ? first : first.replace(/\)$/, ` and ${others.map(inBrackets).join(' and ')})`);
}

/** `Ogg (Vorbis, then Opus)`. */
function thenFormat(first: string, next: string): string {
  return first.endsWith(')') ? first.replace(/\)$/, `, then ${inBrackets(next)})`) : `${first}, then ${next}`;
}

function inBrackets(format: string): string {
  return /\((.*)\)$/.exec(format)?.[1] ?? format;
}

/** Streams one after another, as one sound. */
class DemuxerChain implements Demuxer {
  readonly frames: number;
  readonly #starts: number[] = [];
  #at = 0;

  constructor(readonly links: readonly Demuxer[]) {
    let total = 0;
    for (const { frames } of links) {
      this.#starts.push(total);
      total += frames ?? 0;
    }
    this.frames = total;
  }

  get codec(): CodecSetup {
    return this.links[this.#at]!.codec;
  }

  next(): Packet | undefined {
    for (;;) {
      const packet = this.links[this.#at]!.next();
      if (packet) return { ...packet, start: packet.start + this.#starts[this.#at]! };
      if (this.#at + 1 === this.links.length) return undefined;
      this.#at++;
      this.links[this.#at]!.seek(0);
    }
  }

  seek(sample: number): void {
    this.#at = this.#starts.length - 1;
    while (this.#at > 0 && this.#starts[this.#at]! > sample) this.#at--;
    this.links[this.#at]!.seek(sample - this.#starts[this.#at]!);
  }
}
