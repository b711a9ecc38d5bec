// The classes of a sound: node --import tsx --conditions=@audio-ssl/source classify.ts ENCODER PROBE SOUND
import { readFile } from 'node:fs/promises';
import { openAudioFile } from '@audio-ssl/audio-decoders/node';
import { startBackend } from '@audio-ssl/backend';
import { classProbabilities, headTasks, readClassHead, soundStream, topLabels } from '@audio-ssl/pretrained';
import { openModel } from '@audio-ssl/pretrained/node';
import { byteSource, openTensors } from '@audio-ssl/tensor-files';

const [encoder, probe, sound] = process.argv.slice(2) as [string, string, string];
await startBackend();
const model = await openModel(encoder);
const head = await readClassHead(await openTensors(byteSource(await readFile(probe)))); // small: in memory as a whole
const file = await openAudioFile(sound);
const { data } = await model.createExtractor({ time: 'mean' })(soundStream(file));
file.close();
const { activation, labels } = headTasks.openmic;
console.table(topLabels(classProbabilities(head, data, activation), labels, 5));
model.dispose();
