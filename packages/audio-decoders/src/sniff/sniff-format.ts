import type { ByteReader } from '../audio-file.js';
import { partOf } from '../bytes/part-of.js';
import { readBytes } from '../bytes/read-bytes.js';
import type { Format } from './format.js';
import { formatBySignature } from './formats.js';
import { id3Length } from './id3-length.js';
import { mpegStart } from './mpeg-start.js';

/** Bytes that are looked through for the first frame of a stream that was cut. */
const SEARCHED = 65_536;

const MP3: Format = { name: 'MP3', kind: 'coded', ffmpeg: 'mp3' };
const ADTS: Format = { name: 'AAC (ADTS)', kind: 'coded', ffmpeg: 'aac' };

/** What a file is by its content, and a reader of it that leaves out what stands before. */
export interface Sniffed {
  readonly format: Format;
  readonly reader: ByteReader;
}

/** Tells what `whole` is by its content, behind ID3v2 tags, which some programs put before files of any kind. */
export function sniffFormat(whole: ByteReader): Sniffed {
  const start = behindTags(whole);
  const reader = start === 0 ? whole : partOf(whole, start);
  const head = readBytes(reader, 0, 512);
  const format = formatBySignature(head) ?? frameFormat(head);
  if (format) return { format, reader };
  // Zeros, or the rest of a frame, may stand before the first whole one.
  const first = mpegStart(readBytes(reader, 0, SEARCHED));
  if (first !== undefined) return { format: MP3, reader: partOf(reader, first) };
  if (start > 0 && head.length === 0) return { format: other('an ID3 tag without sound behind it'), reader };
  if (start > 0) return { format: MP3, reader }; // only MP3 has so little of a signature
  return { format: textFormat(head) ?? unknown(head), reader };
}

function behindTags(reader: ByteReader): number {
  const length = id3Length((position, count) => readBytes(reader, position, count), 0);
  return Math.min(length, reader.size);
}

/** Formats that have no more of a signature than the header of their first frame. */
function frameFormat(head: Uint8Array): Format | undefined {
  // A frame of MPEG audio starts with eleven 1 bits; layer 00 is not MPEG audio but AAC in ADTS.
  if (head.length < 4 || head[0] !== 0xff || (head[1]! & 0xe0) !== 0xe0) return undefined;
  if ((head[1]! & 0xf6) === 0xf0) return ADTS;
  const isHeader =
    (head[1]! & 0x06) !== 0 && (head[1]! & 0x18) !== 0x08 && (head[2]! & 0xf0) !== 0xf0 && (head[2]! & 0x0c) !== 0x0c;
  return isHeader ? MP3 : undefined;
}

function textFormat(head: Uint8Array): Format | undefined {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return other('text (UTF-16)');
  const text = new TextDecoder('utf-8').decode(head).trimStart(); // which takes a byte order mark off
  if (/^<(\?xml|svg)/i.test(text)) return other('XML');
  if (text.startsWith('<')) return other('a web page (HTML)', 'fetch the sound itself');
  if (/^[{[]\s*["{[\d\]}]/.test(text)) return other('JSON');
  // Cut in the middle of a character at most.
  const isText = head.length > 0 && /^[^\p{Cc}\ufffd]*\ufffd?$/u.test(text.replace(/[\t\r\n\f]/g, ' '));
  return isText && head.length >= 8 ? other('text') : undefined;
}

function unknown(head: Uint8Array): Format {
  const start = Array.from(head.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return other(`an unknown format (first bytes ${start})`);
}

function other(name: string, hint?: string): Format {
  return { name, kind: 'other', ...(hint && { hint }) };
}
