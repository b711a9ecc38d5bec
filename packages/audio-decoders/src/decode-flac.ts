import { FLACDecoder } from '@wasm-audio-decoders/flac';
import CodecParser, { type CodecFrame } from 'codec-parser';
import type { AudioData } from './audio-data.js';
import { id3Length } from './sniff-format.js';

/** Starting libFLAC takes longer than decoding a short clip, so all files share one. */
let started: Promise<FLACDecoder> | undefined;

/** Decodes a FLAC file (RFC 9639) with libFLAC in WebAssembly. */
export async function decodeFlac(bytes: Uint8Array): Promise<AudioData> {
  const stream = bytes.subarray(id3Length(bytes));
  const header = readHeader(stream);
  const frames = splitFrames(stream.subarray(header.length), header.samples);
  started ??= startDecoder();
  const decoder = await started;
  // The decoder runs to its end without a pause, so calls at the same time do not mix.
  const { channelData, samplesDecoded, sampleRate, bitDepth, errors } = await decoder.decodeFrames(frames);
  if (errors[0]) {
    started = undefined; // its state is unknown: the next file gets a new one
    throw new Error(
      `decodeAudio: expected a FLAC file that libFLAC reads, got "${errors[0].message}" after ${samplesDecoded} samples; the file is damaged, fetch it again`,
    );
  }
  // The library divides by 2^(b-1) - 1; integers of up to 24 bits come back exactly.
  const limit = 2 ** (bitDepth - 1);
  for (const samples of channelData) {
    for (let i = 0; i < samples.length; i++) samples[i] = Math.round(samples[i]! * (limit - 1)) / limit;
  }
  return { channels: channelData, sampleRate };
}

async function startDecoder(): Promise<FLACDecoder> {
  const decoder = new FLACDecoder();
  await decoder.ready;
  return decoder;
}

/** Reads the metadata blocks (RFC 9639, section 8): where the frames start, and the samples a channel, 0 if not known. */
function readHeader(stream: Uint8Array): { readonly length: number; readonly samples: number } {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const first = 8; // after "fLaC" and the header of the first block, which is STREAMINFO
  let length = 4;
  let last = false;
  while (!last && length + 4 <= stream.length) {
    const block = view.getUint32(length); // a bit that says whether it is the last, the kind, 24 bits of length
    last = block >= 2 ** 31;
    length += 4 + (block & 0xffffff);
  }
  if (!last || length > stream.length || length < first + 34 || (view.getUint8(4) & 0x7f) !== 0) {
    throw new Error(
      'decodeAudio: expected the blocks of metadata at the start of the FLAC file, STREAMINFO first, got less; the file is truncated or damaged, fetch it again',
    );
  }
  return { length, samples: (view.getUint8(first + 13) & 0x0f) * 2 ** 32 + view.getUint32(first + 14) };
}

/**
 * Cuts what follows the metadata into frames and checks that none is missing: codec-parser drops without a word what
 * fails a checksum. Version 2.5.0 also misses a last frame of less than 14 bytes, such as one of digital silence; zeros
 * after it cure that (a CRC-16 of 0 stays 0 over zeros) and are cut off again.
 */
function splitFrames(body: Uint8Array, samples: number): Uint8Array[] {
  if (body.length === 0 && samples === 0) {
    throw new Error('decodeAudio: expected samples, got a FLAC file without any; the recording is empty');
  }
  const padding = 16;
  const padded = new Uint8Array(body.length + padding);
  padded.set(body);
  const parser = new CodecParser('audio/flac', { enableFrameCRC32: false });
  const frames = parser.parseAll(padded) as CodecFrame[];
  const foundBytes = frames.reduce((sum, frame) => sum + frame.data.length, 0);
  const foundSamples = frames.reduce((sum, frame) => sum + frame.samples, 0);
  if (foundBytes !== padded.length || (samples !== 0 && foundSamples !== samples)) {
    throw new Error(
      `decodeAudio: expected ${samples || 'all'} samples a channel in the FLAC file, as its header says, got ${foundSamples} whose checksums are right; the file is truncated or damaged, fetch it again`,
    );
  }
  return frames.map(({ data }, i) => (i === frames.length - 1 ? data.subarray(0, -padding) : data));
}
