// The feature of the paper for a sound: node --import tsx --conditions=@audio-ssl/source embed.ts CHECKPOINT SOUND
import { readFile } from 'node:fs/promises';
import { decodeAudio } from '@audio-ssl/audio-frontend';
import { startBackend } from '@audio-ssl/backend';
import { createExtractor, loadModel } from '@audio-ssl/pretrained';
import { openTensors } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';

const [checkpoint, sound] = process.argv.slice(2) as [string, string];
await startBackend();
const model = await loadModel(await openTensors(await openFile(checkpoint)));
const extract = createExtractor(model.weights, { ...model.settings, time: 'mean' });
const { data } = await extract(await decodeAudio(await readFile(sound)));
console.log(
  `${model.family}: ${data.length} values, ${[...data.slice(0, 3)].map((value) => value.toFixed(3)).join(', ')}, ...`,
);
