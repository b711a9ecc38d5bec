/**
 * Six seconds at one hour of each sound, eight times in one process: processor time and bytes read.
 *
 *     node --import tsx --conditions=@audio-ssl/source bench/src/parts.ts SOUND...
 *
 * The first times are those of a process that still compiles the decoder: give one sound to see them.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { openAudio } from '@audio-ssl/audio-decoders';

const [FROM, SECONDS, TIMES] = [3600, 6, 8];

for (const path of process.argv.slice(2)) {
  for (let time = 1; time <= TIMES; time++) {
    const file = openSync(path, 'r');
    const { size } = fstatSync(file);
    let bytes = 0;
    const began = process.cpuUsage();
    const sound = await openAudio({
      size,
      read(position, target) {
        const count = readSync(file, target, 0, target.length, position);
        bytes += count;
        return count;
      },
      close: () => closeSync(file),
    });
    await sound.read(FROM * sound.sampleRate, SECONDS * sound.sampleRate);
    const { user, system } = process.cpuUsage(began);
    sound.close();
    console.log(
      `${basename(path)}, ${time}: ${((user + system) / 1000).toFixed(0)} ms, ${(bytes / 1e6).toFixed(2)} MB`,
    );
  }
}
