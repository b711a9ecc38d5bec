/** Log-mels of 10 s of sound on one core, of a waveform or of a file. */
import { readFileSync } from 'node:fs';
import { createLogMel, decodeAudio, mixToMono, resample } from '@audio-ssl/audio-frontend';
import { randomStream } from '@audio-ssl/params';
import { serve } from './serve.js';

await serve(async ({ sampleRate = 16_000, path }) => {
  const logMel = createLogMel();
  if (path === undefined) {
    const random = randomStream(0, 'data');
    const waveform = Float32Array.from({ length: 10 * sampleRate }, () => 2 * random() - 1);
    // At equal rates torchaudio's resampler gives back what it got; ours would copy it.
    return async () => logMel(sampleRate === 16_000 ? waveform : resample(waveform, sampleRate, 16_000)).frames;
  }
  return async () => {
    const audio = await decodeAudio(readFileSync(path));
    return logMel(resample(mixToMono(audio), audio.sampleRate, 16_000)).frames;
  };
});
