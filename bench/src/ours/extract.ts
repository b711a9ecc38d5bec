/** Frame features of 10 s of log-mels by `createExtractor`: 608 frames at once, then the rest. */
import { startBackend } from '@audio-ssl/backend';
import { compile } from '@audio-ssl/compile';
import { createExtractor } from '@audio-ssl/pretrained';
import { initMatpac, sizes, variants, type Size } from '@audio-ssl/matpac';
import { randomStream } from '@audio-ssl/params';
import { serve } from './serve.js';

await serve(async ({ size, batch, implementation }) => {
  await startBackend();
  const model = sizes[size as Size];
  const { student } = initMatpac({ model, ...variants.matpac }, 0);
  const random = randomStream(0, 'data');
  const frames = 998;
  const logMels = Array.from({ length: batch }, () => ({
    bins: 80,
    frames,
    data: Float32Array.from({ length: 80 * frames }, () => 2 * random() - 1),
  }));
  const extract = createExtractor(student, {
    patch: model.patch,
    numHeads: model.encoder.numHeads,
    standardization: { mean: 0, std: 1 },
    chunkFrames: 608,
    compile: implementation === 'compiled' ? compile : undefined,
  });
  await extract.fromLogMels(logMels); // a shape is compiled when it comes a second time
  return () => extract.fromLogMels(logMels);
});
