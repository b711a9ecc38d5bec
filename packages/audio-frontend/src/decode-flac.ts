import { FLACDecoder } from '@wasm-audio-decoders/flac';
import CodecParser, { type CodecFrame } from 'codec-parser';
import type { AudioData } from './audio-data.js';
import { id3Length } from './sniff-format.js';

/** Starting libFLAC takes longer than decoding a short clip, so all files share one. */
let started: Promise<FLACDecoder> | undefined;

/** Decodes a FLAC file with libFLAC in WebAssembly. */
export async function decodeFlac(bytes: Uint8Array): Promise<AudioData> {
  const stream = bytes.subarray(id3Length(bytes));
  const declared = readSampleCount(stream);
  const frames = splitFrames(stream);
  started ??= startDecoder();
  const decoder = await started;
  // The decoder runs to its end without a pause, so calls at the same time do not mix.
  const { channelData, samplesDecoded, sampleRate, errors } = await decoder.decodeFrames(frames);
  if (errors.length > 0) started = undefined; // its state is unknown: the next file gets a new one
  // Frames whose checksum is wrong were dropped without a word; the header's count is what tells that one is missing.
  if (errors.length > 0 || (declared !== 0 && samplesDecoded !== declared)) {
    throw new Error(
      `decodeAudio: expected ${declared || 'all'} samples a channel in the FLAC file, as its header says, got ${samplesDecoded} that are whole; the file is truncated or damaged, fetch it again`,
    );
  }
  if (samplesDecoded === 0) {
    throw new Error('decodeAudio: expected samples, got a FLAC file without any; the recording is empty or damaged');
  }
  return { channels: channelData, sampleRate };
}

async function startDecoder(): Promise<FLACDecoder> {
  const decoder = new FLACDecoder();
  await decoder.ready;
  return decoder;
}

/** Reads the count of samples a channel, 0 if not known, from the block STREAMINFO (RFC 9639, section 8.2). */
function readSampleCount(stream: Uint8Array): number {
  const start = 8; // after "fLaC" and the block's own header of four bytes
  if (stream.length < start + 34 || (stream[4]! & 0x7f) !== 0) {
    throw new Error(
      'decodeAudio: expected the block STREAMINFO at the start of the FLAC file, got none; the file is truncated or damaged, fetch it again',
    );
  }
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  return (view.getUint8(start + 13) & 0x0f) * 2 ** 32 + view.getUint32(start + 14);
}

/**
 * Cuts the stream into frames whose checksums are right. codec-parser 2.5.0 misses a last frame of less than 14 bytes,
 * such as one of digital silence; zeros after it cure that (a CRC-16 of 0 stays 0 over zeros) and are cut off again.
 */
function splitFrames(stream: Uint8Array): Uint8Array[] {
  const padding = 16;
  const padded = new Uint8Array(stream.length + padding);
  padded.set(stream);
  const parser = new CodecParser('audio/flac', { enableFrameCRC32: false });
  const frames = (parser.parseAll(padded) as CodecFrame[]).map((frame) => frame.data);
  return frames.map((frame, i) => (i === frames.length - 1 ? frame.subarray(0, -padding) : frame));
}
