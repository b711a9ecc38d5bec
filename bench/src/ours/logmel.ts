/** Log-mels of 10 s of sound on one core. */
import { createLogMel, resample } from '@audio-ssl/audio-frontend';
import { randomStream } from '@audio-ssl/params';
import { serve } from './serve.js';

await serve(async ({ sampleRate = 16_000 }) => {
  const random = randomStream(0, 'data');
  const waveform = Float32Array.from({ length: 10 * sampleRate }, () => 2 * random() - 1);
  const logMel = createLogMel();
  return async () => logMel(resample(waveform, sampleRate, 16_000)).frames;
});
