// Run by make-fixtures.sh: writes the sounds that are encoded.
import { writeFileSync } from 'node:fs';
import { signal, wav } from './signal.js';

const folder = process.argv[2]!;
const write = (name: string, channels: number, frames: number, rate: number, bits: 16 | 24 | 32 = 16): void =>
  writeFileSync(`${folder}/${name}.wav`, wav(signal(channels, frames, rate), rate, bits));
write('stereo', 2, 9000, 16_000);
write('long', 2, 40_000, 16_000);
write('mono', 1, 22_050, 44_100);
write('mono48', 1, 24_000, 48_000);
write('wide24', 2, 3000, 44_100, 24);
write('wide32', 2, 3000, 44_100, 32);
write('six', 6, 4800, 48_000);
write('eight', 8, 3000, 48_000);
