import { extname } from 'node:path';

/**
 * The extensions of files that are tried, in the order in which a clip of a table is looked for. What our decoders read
 * comes first, then what a system `ffmpeg` reads. The content decides what a file is.
 */
export const audioExtensions: readonly string[] = [
  ...['wav', 'flac', 'wave', 'bwf', 'rf64', 'w64', 'aif', 'aiff', 'aifc', 'au', 'snd', 'caf'],
  ...['oga', 'ogg', 'opus', 'mp1', 'mp2', 'mp3', 'mpga', 'm4a', 'm4b', 'm4r', 'mp4', 'mov', 'aac', 'adts'],
  ...['mka', 'mkv', 'webm'],
  ...'3g2 3gp ac3 amr ape asf awb dts eac3 mpc ra rm sph spx tak tta voc wma wv'.split(' '),
].map((extension) => `.${extension}`);

const known: ReadonlySet<string> = new Set(audioExtensions);

/** Whether the name ends in an extension of sound files, in any case. */
export const isAudio = (name: string): boolean => known.has(extname(name).toLowerCase());
