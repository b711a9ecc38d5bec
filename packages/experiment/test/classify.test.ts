import { randomStream } from '@audio-ssl/params';
import { classProbabilities, readClassHead } from '@audio-ssl/pretrained';
import { byteSource, openTensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classify, type Classified, type ClassifyOptions } from '../src/classify.js';
import { openRunModel } from '../src/open-run-model.js';
import { collecting } from './collecting.js';
import { DIMS, entry, tinyCheckpoint } from './tiny-models.js';
import { tinySounds, wavOf } from './tiny-sounds.js';

let folder: string;
let checkpoint: string;
let sound: string;
let broken: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'classify-'));
  checkpoint = await tinyCheckpoint(folder);
  const sounds = await tinySounds(folder);
  [sound, broken] = [join(sounds, '0.wav'), join(sounds, 'broken.wav')];
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes a probe of random weights. */
async function probeOf(classes: number, dims = DIMS): Promise<string> {
  const path = join(folder, `probe-${classes}-${dims}.safetensors`);
  const uniform = randomStream(5);
  const weights = new Map([
    ['probe.weight', entry([classes, dims], () => uniform() - 0.5)],
    ['probe.bias', entry([classes], uniform)],
  ]);
  await writeFile(path, writeSafetensors(weights));
  return path;
}

async function all(options: Partial<ClassifyOptions>): Promise<Classified[]> {
  const results: Classified[] = [];
  for await (const result of classify({ checkpoint, numHeads: 2, inputs: [sound], ...options })) results.push(result);
  return results;
}

describe('classify', () => {
  it('names classes with a probe, and says which sounds failed', async () => {
    const probe = await probeOf(20);
    const [first, second, ...rest] = await all({ inputs: [sound, broken], probe, top: 3 });
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ file: sound });
    expect(first!.classes).toHaveLength(3);
    expect(second).toEqual({ file: broken, failed: expect.stringMatching(/./) as string, cause: 'not audio' });
    // OpenMIC, as 20 classes tell: several labels, so each has a probability of its own.
    const openmic = ['accordion', 'banjo', 'bass', 'cello', 'clarinet', 'cymbals', 'drums', 'flute', 'guitar'];
    for (const { label, index } of (await all({ probe, top: 20 }))[0]!.classes!)
      if (index < openmic.length) expect(label).toBe(openmic[index]);
    const [softmax] = await all({ probe, top: 20, activation: 'softmax' });
    expect(softmax!.classes!.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    const labels = join(folder, 'names.txt');
    await writeFile(labels, Array.from({ length: 20 }, (_, i) => `name ${i}\n`).join(''));
    const [named] = await all({ probe, labels });
    expect(named!.classes).toHaveLength(5);
    for (const { label, index } of named!.classes!) expect(label).toBe(`name ${index}`);
  });

  it('says of a folder what is passed over, and of a sound what is odd about it', async () => {
    const odd = join(folder, 'odd');
    await mkdir(odd);
    await writeFile(join(odd, 'zeros.wav'), wavOf(new Float32Array(16_000)));
    await writeFile(join(odd, '._zeros.wav'), '');
    const [left, silent, ...rest] = await all({ inputs: [odd], probe: await probeOf(20) });
    expect(rest).toEqual([]);
    expect(left).toEqual({
      file: join(odd, '._zeros.wav'),
      passedOver: expect.stringMatching(/^macOS left it/) as string,
      cause: 'left by macOS',
    });
    const notices = [{ kind: 'silent', message: 'all samples are 0', next: 'leave such files out' }];
    expect(silent).toMatchObject({ file: join(odd, 'zeros.wav'), notices });
  });

  it('refuses a task, a number of classes and a width that do not fit', async () => {
    const probe = await probeOf(20);
    await expect(all({ probe, task: 'fsd50k' })).rejects.toThrow('`task` fsd50k has 200 classes, the head has 20');
    await expect(all({ probe, task: 'fsd50k' })).rejects.toHaveProperty('concerns', 'option');
    await expect(all({})).rejects.toThrow('is a MATPAC encoder and has no class head; give a file of one as `probe`');
    const wide = await probeOf(50, 3840);
    const labels = join(folder, 'fifty.json');
    await writeFile(labels, JSON.stringify(Array.from({ length: 50 }, (_, i) => `name ${i}`)));
    for (const more of [{}, { labels }]) {
      const open = all({ probe: wide, ...more });
      await expect(open).rejects.toThrow(
        '`task` esc50 (ESC-50: softmax) or `task` mtg_top50 (MTG-Jamendo top 50: sigmoid), or `activation`',
      );
      await expect(open).rejects.toHaveProperty('concerns', 'option');
    }
    const reporter = collecting();
    const other = all({ probe: wide, activation: 'softmax', reporter });
    await expect(other).rejects.toThrow('expected a feature of 3840 values, got 80');
    expect(reporter.notes).toEqual([
      expect.stringMatching(/file of their names as `labels` \(ESC-50: .*; MTG-Jamendo top 50: /),
    ]);
  });

  it('takes the softmax for a head of an unknown task, and says so', async () => {
    const reporter = collecting();
    const [result] = await all({ probe: await probeOf(3), reporter });
    expect(result!.classes!.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    expect(reporter.notes).toEqual([
      expect.stringContaining(
        'no known task has 3 classes, so the softmax is used; give `activation` sigmoid',
      ) as string,
      'classes are numbered: give a file of their names as `labels`',
    ]);
  });

  it('classifies a long sound by the mean of its pieces, tells how far it is, and stops in the middle of it', async () => {
    const long = join(folder, 'long.wav');
    const samples = Float32Array.from({ length: 16_000 * 130 }, randomStream(3)); // three pieces of 4864 frames and less
    await writeFile(long, wavOf(samples));
    const probe = await probeOf(20);
    const told: string[] = [];
    const reporter = { progress: ({ detail = '' }) => void told.push(detail) };
    const [result] = await all({ inputs: [long], probe, top: 20, reporter });
    expect(told).toEqual(expect.arrayContaining([1, 2, 3].map((piece) => `encoding long.wav, piece ${piece} of 3`)));
    const model = await openRunModel(checkpoint, { numHeads: 2 });
    const { data } = await model.createExtractor({ time: 'mean', frequency: 'concat' })(samples);
    model.dispose();
    const head = await readClassHead(await openTensors(byteSource(await readFile(probe))));
    const expected = classProbabilities(head, data, 'sigmoid');
    for (const { index, probability } of result!.classes!) expect(probability).toBeCloseTo(expected[index]!, 4);

    const controller = new AbortController();
    const stopping = {
      progress: ({ detail = '' }) => void (detail.endsWith('piece 2 of 3') && controller.abort(new Error('stopped'))),
    };
    await expect(all({ inputs: [long], probe, reporter: stopping, signal: controller.signal })).rejects.toThrow(
      'stopped',
    );
  });

  it('stops before the next sound', async () => {
    const controller = new AbortController();
    const files: string[] = [];
    const work = (async () => {
      const inputs = [sound, broken];
      const probe = await probeOf(20);
      for await (const { file } of classify({ checkpoint, numHeads: 2, inputs, probe, signal: controller.signal })) {
        files.push(file);
        controller.abort();
      }
    })();
    await expect(work).rejects.toThrow('aborted');
    expect(files).toEqual([sound]);
  });
});
