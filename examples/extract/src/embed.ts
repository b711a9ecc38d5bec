// The feature of the paper for a sound of any length: node --import tsx --conditions=@audio-ssl/source embed.ts CHECKPOINT SOUND
import { openAudioFile } from '@audio-ssl/audio-decoders/node';
import { startBackend } from '@audio-ssl/backend';
import { soundStream } from '@audio-ssl/pretrained';
import { openModel } from '@audio-ssl/pretrained/node';

const [checkpoint, sound] = process.argv.slice(2) as [string, string];
await startBackend();
const model = await openModel(checkpoint);
const file = await openAudioFile(sound);
const { data } = await model.createExtractor({ time: 'mean' })(soundStream(file)); // read as it is encoded
file.close();
console.log(
  `${model.family}: ${data.length} values, ${[...data.slice(0, 3)].map((value) => value.toFixed(3)).join(', ')}, ...`,
);
model.dispose();
