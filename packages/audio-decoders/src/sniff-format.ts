/** Formats that are distinguished only to name them in an error: what the file looks like, its signature and where it stands. */
const SIGNATURES: readonly (readonly [name: string, signature: string, offset: number])[] = [
  ['Ogg (Vorbis, Opus or FLAC in Ogg)', 'OggS', 0],
  ['MPEG-4 audio (M4A, AAC or ALAC)', 'ftyp', 4],
  ['AIFF', 'FORM', 0],
  ['Sun audio (.au)', '.snd', 0],
  ['Core Audio (.caf)', 'caff', 0],
  ['WAV of more than 4 GiB (RF64)', 'RF64', 0],
  ['WAV of more than 4 GiB (BW64)', 'BW64', 0],
  ['big-endian WAV (RIFX)', 'RIFX', 0],
  ['AMR', '#!AMR', 0],
  ['Windows Media (WMA)', '\x30\x26\xb2\x75', 0],
  ['Matroska or WebM', '\x1a\x45\xdf\xa3', 0],
  ['a RIFF file that is not WAV', 'RIFF', 0],
  ['a zip archive', 'PK\x03\x04', 0],
  ['a gzip archive', '\x1f\x8b', 0],
  ['a Git LFS pointer: run `git lfs pull` to fetch the file itself', 'version https://git-lfs', 0],
  ['a web page (HTML)', '<', 0],
  ['JSON', '{', 0],
];

/** Reads `length` bytes from `offset` as Latin-1 text; shorter at the end of the file. */
export function readText(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

/** The length in bytes of an ID3v2 tag (id3.org, ID3v2.4 section 3.1), which some taggers put ahead of a file, else 0. */
export function id3Length(bytes: Uint8Array): number {
  if (bytes.length < 10 || readText(bytes, 0, 3) !== 'ID3') return 0;
  return 10 + ((bytes[6]! << 21) | (bytes[7]! << 14) | (bytes[8]! << 7) | bytes[9]!); // seven bits a byte
}

/** The format of an audio file by its content: `wav`, `flac`, or for anything else the words that name it in an error. */
export function sniffFormat(bytes: Uint8Array): 'wav' | 'flac' | { readonly other: string } {
  if (readText(bytes, 0, 4) === 'RIFF' && readText(bytes, 8, 4) === 'WAVE') return 'wav';
  const id3 = id3Length(bytes);
  if (readText(bytes, id3, 4) === 'fLaC') return 'flac';
  // An MPEG audio frame starts with eleven 1 bits; layer 00 is not MPEG audio but AAC in ADTS.
  const frameSync = bytes[id3] === 0xff && (bytes[id3 + 1]! & 0xe0) === 0xe0;
  if (frameSync && (bytes[id3 + 1]! & 0x06) === 0) return { other: 'AAC (ADTS)' };
  if (frameSync || id3 > 0) return { other: 'MP3' };
  const known = SIGNATURES.find(([, text, offset]) => readText(bytes, offset, text.length) === text);
  if (known) return { other: known[0] };
  const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return { other: `an unknown format (first bytes ${start})` };
}
