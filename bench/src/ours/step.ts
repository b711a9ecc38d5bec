import { startBackend } from '@audio-ssl/backend';
import { randomStream } from '@audio-ssl/params';
import { serve } from './serve.js';
import { training } from './training.js';

await serve(async (row) => {
  await startBackend();
  const random = randomStream(0, 'data');
  const data = Float32Array.from({ length: row.batch * 80 * row.frames! }, () => 2 * random() - 1);
  return training(row, () => data.slice());
});
