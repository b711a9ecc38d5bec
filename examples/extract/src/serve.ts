// A service that finds the sounds of a folder that are most like the one in a request:
// node --import tsx --conditions=@audio-ssl/source serve.ts CHECKPOINT FOLDER [PORT]; curl --data-binary @sound.mp3 localhost:8080
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openAudio, type AudioFile } from '@audio-ssl/audio-decoders';
import { openAudioFile } from '@audio-ssl/audio-decoders/node';
import { startBackend } from '@audio-ssl/backend';
import { openFolder } from '@audio-ssl/datasets';
import { buildIndex, search } from '@audio-ssl/evaluation';
import { soundStream } from '@audio-ssl/pretrained';
import { openModel } from '@audio-ssl/pretrained/node';

const LARGEST = 50e6; // bytes of a request
const [checkpoint, folder, port = '8080'] = process.argv.slice(2) as [string, string, string?];
await startBackend();
const model = await openModel(checkpoint);
const extract = model.createExtractor({ time: 'mean' });
const embed = async (sound: AudioFile): Promise<Float32Array> => {
  try {
    return (await extract(soundStream(sound))).data;
  } finally {
    sound.close();
  }
};

const names: string[] = [];
const rows: Float32Array[] = [];
for (const { id, path } of (await openFolder(folder)).clips) {
  try {
    rows.push(await embed(await openAudioFile(path)));
    names.push(id);
  } catch (error) {
    console.warn(`${path} is left out: ${(error as Error).message}`);
  }
}
if (rows.length === 0) throw new Error(`${folder} has no readable sound`);
const dims = rows[0]!.length;
const data = new Float32Array(rows.length * dims);
rows.forEach((row, i) => data.set(row, i * dims));
const index = buildIndex({ data, rows: rows.length, dims });

const server = createServer(async (request, response) => {
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of request) {
      size += (chunk as Uint8Array).length;
      if (size > LARGEST) throw new Error(`expected a sound of at most ${LARGEST} bytes`);
      chunks.push(chunk as Uint8Array);
    }
    const query = await embed(await openAudio(Buffer.concat(chunks)));
    const { indices, similarities } = await search(index, { data: query, rows: 1, dims }, Math.min(5, names.length));
    const found = Array.from(indices, (row, i) => ({ name: names[row], similarity: similarities[i] }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(found));
  } catch (error) {
    response.writeHead(400).end(`${(error as Error).message}\n`); // no sound, damaged, too long
  }
});
server.listen(Number(port), () => console.log(`port ${(server.address() as AddressInfo).port}`));
process.once('SIGTERM', () => {
  server.close(() => {
    index.dispose();
    model.dispose();
  });
});
