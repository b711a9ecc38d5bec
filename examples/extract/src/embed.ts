// The feature of the paper for a sound: node --import tsx --conditions=@audio-ssl/source embed.ts CHECKPOINT SOUND
import { readFile } from 'node:fs/promises';
import { decodeAudio } from '@audio-ssl/audio-frontend';
import { startBackend } from '@audio-ssl/backend';
import { openModel } from '@audio-ssl/pretrained/node';

const [checkpoint, sound] = process.argv.slice(2) as [string, string];
await startBackend();
const model = await openModel(checkpoint);
const { data } = await model.createExtractor({ time: 'mean' })(await decodeAudio(await readFile(sound)));
console.log(
  `${model.family}: ${data.length} values, ${[...data.slice(0, 3)].map((value) => value.toFixed(3)).join(', ')}, ...`,
);
model.dispose();
