import { textAt } from '../bytes/read-bytes.js';
import { parseAiff } from '../pcm/parse-aiff.js';
import { parseAu } from '../pcm/parse-au.js';
import { parseCaf } from '../pcm/parse-caf.js';
import { parseBw64, parseRf64, parseRifx, parseW64, parseWav } from '../pcm/parse-wave.js';
import type { Format } from './format.js';

/** Where letters stand in a file of a format. */
type Signature = readonly [offset: number, text: string];

const at = (offset: number, text: string): Signature => [offset, text];
const wave = at(8, 'WAVE');

/** Boxes that MP4 and QuickTime files start with. */
const FIRST_BOXES = ['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'pnot', 'styp', 'sidx', 'moof'];

type Row = readonly [signatures: readonly Signature[], format: Format];

/**
 * Every format that is told from others, by the letters in its first bytes; the first that fits counts. This table is the
 * one place that says what is read, and by what.
 */
const FORMATS: readonly Row[] = [
  [[at(0, 'RIFF'), wave], { name: 'WAV', kind: 'pcm', parse: parseWav, ffmpeg: 'wav' }],
  [[at(0, 'RIFX'), wave], { name: 'RIFX', kind: 'pcm', parse: parseRifx, ffmpeg: 'wav' }],
  [[at(0, 'RF64'), wave], { name: 'RF64', kind: 'pcm', parse: parseRf64, ffmpeg: 'wav' }],
  [[at(0, 'BW64'), wave], { name: 'BW64', kind: 'pcm', parse: parseBw64, ffmpeg: 'wav' }],
  [[at(0, 'riff\x2e\x91\xcf\x11'), at(24, 'wave')], { name: 'W64', kind: 'pcm', parse: parseW64, ffmpeg: 'w64' }],
  [[at(0, 'FORM'), at(8, 'AIFF')], { name: 'AIFF', kind: 'pcm', parse: parseAiff, ffmpeg: 'aiff' }],
  [[at(0, 'FORM'), at(8, 'AIFC')], { name: 'AIFF-C', kind: 'pcm', parse: parseAiff, ffmpeg: 'aiff' }],
  [[at(0, '.snd')], { name: 'AU', kind: 'pcm', parse: parseAu, ffmpeg: 'au' }],
  [[at(0, 'dns.')], { name: 'AU', kind: 'pcm', parse: parseAu }],
  [[at(0, 'caff')], { name: 'CAF', kind: 'pcm', parse: parseCaf, ffmpeg: 'caf' }],

  [[at(0, 'fLaC')], { name: 'FLAC', kind: 'coded', ffmpeg: 'flac' }],
  [[at(0, 'OggS')], { name: 'Ogg', kind: 'coded', ffmpeg: 'ogg' }],
  ...FIRST_BOXES.map((name): Row => [[at(4, name)], { name: 'MP4', kind: 'coded', ffmpeg: 'mov' }]),
  [[at(0, '\x1a\x45\xdf\xa3')], { name: 'Matroska or WebM', kind: 'coded', ffmpeg: 'matroska' }],

  [[at(0, '#!AMR')], { name: 'AMR', kind: 'unread', ffmpeg: 'amr' }],
  [[at(0, '\x30\x26\xb2\x75\x8e\x66\xcf\x11')], { name: 'Windows Media (WMA)', kind: 'unread', ffmpeg: 'asf' }],
  [[at(0, 'MAC ')], { name: "Monkey's Audio", kind: 'unread', ffmpeg: 'ape' }],
  [[at(0, 'wvpk')], { name: 'WavPack', kind: 'unread', ffmpeg: 'wv' }],
  [[at(0, 'TTA1')], { name: 'True Audio (TTA)', kind: 'unread', ffmpeg: 'tta' }],
  [[at(0, 'tBaK')], { name: 'TAK', kind: 'unread', ffmpeg: 'tak' }],
  [[at(0, 'ajkg')], { name: 'Shorten', kind: 'unread', ffmpeg: 'shn' }],
  [[at(0, 'OFR ')], { name: 'OptimFROG', kind: 'unread' }],
  [[at(0, 'MP+')], { name: 'Musepack', kind: 'unread', ffmpeg: 'mpc' }],
  [[at(0, 'MPCK')], { name: 'Musepack', kind: 'unread', ffmpeg: 'mpc8' }],
  [[at(0, 'DSD ')], { name: 'DSD (DSF)', kind: 'unread', ffmpeg: 'dsf' }],
  [[at(0, 'FRM8'), at(12, 'DSD ')], { name: 'DSD (DSDIFF)', kind: 'unread', ffmpeg: 'iff' }],
  [[at(0, '.ra\xfd')], { name: 'RealAudio', kind: 'unread', ffmpeg: 'rm' }],
  [[at(0, '.RMF')], { name: 'RealMedia', kind: 'unread', ffmpeg: 'rm' }],
  [[at(0, 'NIST_1A')], { name: 'NIST SPHERE', kind: 'unread', ffmpeg: 'nistsphere' }],
  [[at(0, 'Creative Voice File')], { name: 'Creative Voice (VOC)', kind: 'unread', ffmpeg: 'voc' }],
  [[at(0, 'FORM'), at(8, '8SVX')], { name: '8SVX', kind: 'unread', ffmpeg: 'iff' }],
  [[at(0, '\x0b\x77')], { name: 'Dolby AC-3', kind: 'unread', ffmpeg: 'ac3' }],
  [[at(0, '\x7f\xfe\x80\x01')], { name: 'DTS', kind: 'unread', ffmpeg: 'dts' }],
  [[at(0, '\x64\xa3\x01\x00')], { name: 'IRCAM sound', kind: 'unread', ffmpeg: 'ircam' }],
  [[at(0, '\x00\x01\xa3\x64')], { name: 'IRCAM sound', kind: 'unread', ffmpeg: 'ircam' }],
  [[at(0, 'RIFF'), at(8, 'AVI ')], { name: 'a video (AVI)', kind: 'unread', ffmpeg: 'avi' }],
  [[at(0, 'FLV\x01')], { name: 'a video (Flash)', kind: 'unread', ffmpeg: 'flv' }],
  [[at(0, '\x00\x00\x01\xba')], { name: 'a video (MPEG)', kind: 'unread', ffmpeg: 'mpeg' }],
  [[at(0, '\x47'), at(188, '\x47'), at(376, '\x47')], { name: 'a video (MPEG-TS)', kind: 'unread', ffmpeg: 'mpegts' }],

  [[at(0, 'MThd')], { name: 'MIDI', kind: 'other', hint: 'it holds notes, no sound: render it first' }],
  [[at(0, 'RIFF'), at(8, 'RMID')], { name: 'MIDI', kind: 'other', hint: 'it holds notes, no sound: render it first' }],
  [[at(0, 'RIFF'), at(8, 'WEBP')], { name: 'an image (WebP)', kind: 'other' }],
  [[at(0, 'RIFF')], { name: 'a RIFF file that is not WAV', kind: 'other' }],
  [[at(0, 'FORM')], { name: 'an IFF file that is not AIFF', kind: 'other' }],
  [[at(0, '\x89PNG')], { name: 'an image (PNG)', kind: 'other' }],
  [[at(0, '\xff\xd8\xff')], { name: 'an image (JPEG)', kind: 'other' }],
  [[at(0, 'GIF8')], { name: 'an image (GIF)', kind: 'other' }],
  [[at(0, 'BM'), at(6, '\0\0\0\0')], { name: 'an image (BMP)', kind: 'other' }],
  [[at(0, 'II*\0')], { name: 'an image (TIFF)', kind: 'other' }],
  [[at(0, 'MM\0*')], { name: 'an image (TIFF)', kind: 'other' }],
  [[at(0, '%PDF')], { name: 'a PDF', kind: 'other' }],
  [[at(0, 'PK\x03\x04')], { name: 'a zip archive', kind: 'other', hint: 'unpack it' }],
  [[at(0, 'PK\x05\x06')], { name: 'an empty zip archive', kind: 'other' }],
  [[at(0, '\x1f\x8b')], { name: 'a gzip archive', kind: 'other', hint: 'unpack it' }],
  [[at(0, 'BZh')], { name: 'a bzip2 archive', kind: 'other', hint: 'unpack it' }],
  [[at(0, '\xfd7zXZ')], { name: 'an xz archive', kind: 'other', hint: 'unpack it' }],
  [[at(0, '7z\xbc\xaf')], { name: 'a 7-Zip archive', kind: 'other', hint: 'unpack it' }],
  [[at(0, 'Rar!')], { name: 'a RAR archive', kind: 'other', hint: 'unpack it' }],
  [[at(0, '\x28\xb5\x2f\xfd')], { name: 'a zstd archive', kind: 'other', hint: 'unpack it' }],
  [[at(257, 'ustar')], { name: 'a tar archive', kind: 'other', hint: 'unpack it' }],
  [[at(0, '\x93NUMPY')], { name: 'a NumPy array', kind: 'other' }],
  [[at(0, '\x89HDF')], { name: 'an HDF5 file', kind: 'other' }],
  [[at(0, 'PAR1')], { name: 'a Parquet file', kind: 'other' }],
  [[at(0, 'SQLite format 3')], { name: 'an SQLite database', kind: 'other' }],
  [[at(0, '\x7fELF')], { name: 'a program (ELF)', kind: 'other' }],
  [
    [at(0, '\x00\x05\x16\x07')],
    { name: 'a resource fork of macOS (AppleDouble)', kind: 'other', hint: 'leave it out' },
  ],
  [
    [at(0, 'version https://git-lfs')],
    { name: 'a Git LFS pointer', kind: 'other', hint: 'run `git lfs pull` to fetch the file itself' },
  ],
  [[at(0, 'MATLAB')], { name: 'a MATLAB file', kind: 'other' }],
];

/** The format whose letters stand in the first bytes. */
export function formatBySignature(head: Uint8Array): Format | undefined {
  const found = FORMATS.find(([signatures]) =>
    signatures.every(([offset, text]) => textAt(head, offset, text.length) === text),
  );
  return found?.[1];
}
