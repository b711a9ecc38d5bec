// The classes of a sound: node --import tsx --conditions=@audio-ssl/source classify.ts ENCODER PROBE SOUND
import { readFile } from 'node:fs/promises';
import { decodeAudio } from '@audio-ssl/audio-frontend';
import { startBackend } from '@audio-ssl/backend';
import { classify, createExtractor, loadModel, readClassHead, tasks, topLabels } from '@audio-ssl/pretrained';
import { openTensors } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';

const [encoder, probe, sound] = process.argv.slice(2) as [string, string, string];
await startBackend();
const model = await loadModel(await openTensors(await openFile(encoder)));
const head = await readClassHead(await openTensors(await openFile(probe)));
const extract = createExtractor(model.weights, { ...model.settings, time: 'mean' });
const { data } = await extract(await decodeAudio(await readFile(sound)));
const { activation, labels } = tasks.openmic;
console.table(topLabels(classify(head, data, activation), labels, 5));
