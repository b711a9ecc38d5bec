import { readFile } from 'node:fs/promises';
import { createLogMel, logMelPresets, melFilterBank, resample } from '@audio-ssl/audio-frontend';
import { readSafetensors } from '@audio-ssl/tensor-files';
import { Differences, type Comparison, type Tolerance } from './comparison.js';

/** The recorded log-mels are float32, so exact only to 1.6e-4 above -12 and 1e-3 above -15. */
const LOG_MEL_BOUNDS = [
  { above: -12, bound: 2e-4 },
  { above: -15, bound: 2e-3 },
];
/** 90 dB of signal over noise. */
const RESAMPLER_TOLERANCE: Tolerance = { kind: 'relative L2', bound: 10 ** (-90 / 20) };

/**
 * Compares the filter bank, the log-mels and the resampler with the recordings of the authors' front end in `file`
 * (`inference/frontend.safetensors`): the worst over all signals, the resampler for each rate.
 */
export async function compareFrontend(file: string): Promise<Comparison[]> {
  const { tensors } = readSafetensors(await readFile(file), file);
  const find = (name: string): Float32Array => {
    const data = tensors.get(name)?.data;
    if (!(data instanceof Float32Array))
      throw new Error(`compareFrontend: expected ${name} in ${file}, got no such float32 array`);
    return data;
  };
  const differences = new Differences();
  const logMel = createLogMel();
  const filters = melFilterBank(logMelPresets.matpac);
  for (const name of tensors.keys()) {
    const recorded = (): Float32Array => find(name);
    const [kind, rate] = name.split('/');
    if (name === 'logmel/mel_filterbank') {
      const transposed = Array.from(filters[0]!, (_, k) => filters.map((filter) => filter[k]!)).flat(); // recorded as (frequencies, mels)
      differences.compare('mel filter bank', transposed, recorded(), { kind: 'absolute', bound: 1e-6 });
    } else if (kind === 'logmel' && name.endsWith('/logmel')) {
      const ours = logMel(find(name.replace(/logmel$/, 'waveform'))).data;
      for (const { above, bound } of LOG_MEL_BOUNDS) {
        const counts = (_: number, i: number): boolean => recorded()[i]! > above;
        differences.compare(`log-mel above ${above}`, ours.filter(counts), recorded().filter(counts), {
          kind: 'absolute',
          bound,
        });
      }
    } else if (name.endsWith('/at16000')) {
      const ours = resample(find(name.replace(/at16000$/, 'waveform')), Number(rate), 16000);
      differences.compare(`resampler from ${rate} Hz (90 dB)`, ours, recorded(), RESAMPLER_TOLERANCE);
    }
  }
  const all = differences.list();
  if (all.length === 0) throw new Error(`compareFrontend: expected recordings of the front end in ${file}, got none`);
  return all;
}
