import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import wavefile from 'wavefile';

/** Settings of a model that trains in milliseconds. */
export const tinyModel = [
  'steps=6',
  'batchSize=4',
  'checkpointEvery=2',
  'data.cropFrames=32',
  'data.workers=1',
  'model.encoder={embedDim: 32, depth: 1, numHeads: 2}',
  'model.predictor={embedDim: 16, depth: 1, numHeads: 2}',
  'model.head={hiddenDim: 16, bottleneckDim: 8, pseudoClasses: 16}',
] as const;

/** The same as arguments of the command. */
export const tinyArguments: readonly string[] = tinyModel.flatMap((assignment) => ['--set', assignment]);

/**
 * A data set in NSynth's layout: three families (a sine, a square wave, noise) of three instruments with two notes of
 * 0.4 s, and, when asked for, two damaged files.
 */
export async function tinyNotes({ damaged = false } = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'notes-'));
  await mkdir(join(root, 'audio'));
  const examples: Record<string, object> = {};
  for (const [family, wave] of Object.entries(waves)) {
    for (let instrument = 0; instrument < 3; instrument++) {
      for (let note = 0; note < 2; note++) {
        const name = `${family}_${instrument}-${note}`;
        const hertz = 200 * (1 + instrument) * (1 + note);
        const samples = Int16Array.from({ length: 6400 }, (_, i) => 12_000 * wave((hertz * i) / 16_000, i));
        const wav = new wavefile.WaveFile();
        wav.fromScratch(1, 16_000, '16', samples);
        await writeFile(join(root, 'audio', `${name}.wav`), wav.toBuffer());
        examples[name] = { instrument_family_str: family, instrument_str: `${family}_${instrument}` };
      }
    }
  }
  if (damaged) {
    for (const [name, content] of [
      ['sine_<b>0</b>-2', 'no sound'],
      ['noise_0-2', ''],
    ] as const) {
      await writeFile(join(root, 'audio', `${name}.wav`.replace('/', '-')), content);
      examples[name.replace('/', '-')] = {
        instrument_family_str: name.split('_')[0],
        instrument_str: name.slice(0, -2),
      };
    }
  }
  await writeFile(join(root, 'examples.json'), JSON.stringify(examples));
  return root;
}

const waves: Readonly<Record<string, (turns: number, sample: number) => number>> = {
  sine: (turns) => Math.sin(2 * Math.PI * turns),
  square: (turns) => (turns % 1 < 0.5 ? 1 : -1),
  noise: (turns, sample) =>
    (((sample * 7919 + Math.floor(turns) * 104_729) % 2000) / 1000 - 1) * Math.exp(-sample / 4000),
};
