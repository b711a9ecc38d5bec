import { join } from 'node:path';

import type { Spectrogram } from '@audio-ssl/audio-frontend';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';

import { createBatches, openFolder, openLogMels, type Batch, type BatchOptions } from '../src/index.js';
import { first, memoryStore, numbered } from './memory-store.js';
import { temporaryFolder } from './temporary-folder.js';
import { put, sine, wav } from './wav.js';

const options: BatchOptions = { batchSize: 4, frames: 6, mean: 0, std: 1, seed: 7 };
const tenClips = memoryStore(Array.from({ length: 10 }, (_, clip) => numbered(clip, 3, 20)));

async function take(steps: number, more: Partial<BatchOptions> = {}): Promise<Batch[]> {
  const batches = createBatches(tenClips, { ...options, ...more });
  const taken: Batch[] = [];
  for (let step = 0; step < steps; step++) taken.push(await batches.at(step));
  return taken;
}

/** Where a crop of `numbered` starts; checks that every value stands where it should. */
function startOf({ data, clips }: Batch, row: number, bins = 3, frames = 6): number {
  const crop = data.subarray(row * bins * frames, (row + 1) * bins * frames);
  const start = crop[0]! - 1000 * clips[row]!;
  for (let bin = 0; bin < bins; bin++) {
    for (let t = 0; t < frames; t++) expect(crop[bin * frames + t]).toBe(1000 * clips[row]! + 100 * bin + start + t);
  }
  return start;
}

test('every epoch holds every clip once, in another order, and every batch is full', async () => {
  const order = (await take(25)).flatMap(({ clips }) => clips); // 100 places: 10 epochs of 10 clips
  const epochs = Array.from({ length: 10 }, (_, e) => order.slice(10 * e, 10 * e + 10));
  for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(new Set(epochs.map(String)).size).toBe(10);
});

test('orders are even: over many epochs each clip is as often first as any other', async () => {
  const batches = createBatches(tenClips, { ...options, batchSize: 10, prefetch: 0 });
  const firsts = new Array<number>(10).fill(0);
  for (let epoch = 0; epoch < 2000; epoch++) firsts[(await batches.at(epoch)).clips[0]!]!++;
  // 2000 draws: 200 expected, standard deviation 13.4; 5 of them is one false alarm in 170 000 runs of another seed
  for (const count of firsts) expect(Math.abs(count - 200)).toBeLessThan(67);
});

test('crops lie where the clip says they do, and every start comes, evenly', async () => {
  const counts = new Array<number>(15).fill(0);
  for (const batch of await take(750)) for (let row = 0; row < 4; row++) counts[startOf(batch, row)]!++;
  // 3000 draws over 15 starts: 200 expected, standard deviation 13.7; 5 of them as above
  for (const count of counts) expect(Math.abs(count - 200)).toBeLessThan(69);
});

test('a batch is a function of seed and step alone, whatever was asked before and however much is made ahead', async () => {
  const expected = await take(12);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(11), { minLength: 1, maxLength: 8 }), fc.nat(4), async (steps, prefetch) => {
      const batches = createBatches(tenClips, { ...options, prefetch });
      for (const step of steps) expect(await batches.at(step)).toEqual(expected[step]);
      batches.close();
    }),
    { numRuns: 30 },
  );
  const [other] = await take(1, { seed: 8 });
  expect(other).not.toEqual(expected[0]);
  // a seed that differs in its sign only is another seed
  expect((await take(1, { seed: -7 }))[0]).not.toEqual(expected[0]);
});

test('works ahead of the step, and on nothing that is further away', async () => {
  const store = memoryStore(Array.from({ length: 10 }, (_, clip) => numbered(clip, 3, 20)));
  const batches = createBatches(store, { ...options, prefetch: 2 });
  await batches.at(0);
  expect(store.loads.length).toBe(3 * 4);
  await batches.at(1); // made already; starts batch 3
  expect(store.loads.length).toBe(4 * 4);
  await batches.at(100); // none of what was made is of use
  expect(store.loads.length).toBe(7 * 4);
});

test('crops each piece as soon as it is there, and holds no whole batch of pieces', async () => {
  let cropped: () => void;
  const firstIsCropped = new Promise<void>((resolve) => (cropped = resolve));
  const store = memoryStore(Array.from({ length: 4 }, (_, clip) => numbered(clip, 3, 20)));
  const load = async (clip: number): Promise<Spectrogram> => {
    const isFirst = store.loads.length === 0;
    const { data, ...size } = await store.load(clip);
    if (!isFirst) await firstIsCropped; // the others come only after that
    return {
      ...size,
      get data() {
        cropped();
        return data;
      },
    };
  };
  const own = { ...options, prefetch: 0 };
  const expected = await createBatches(store, own).at(0);
  store.loads.length = 0;
  expect(await createBatches({ ...store, load }, own).at(0)).toEqual(expected);
});

test('a batch given away is not shared: it may be changed', async () => {
  const batches = createBatches(tenClips, options);
  const first = await batches.at(0);
  const before = { ...first, data: first.data.slice() };
  first.data.fill(0);
  expect(await batches.at(0)).toEqual(before);
});

test('standardises, and pads short clips with zeros after that', async () => {
  const store = memoryStore([numbered(0, 2, 4)]);
  const { data } = await createBatches(store, { ...options, batchSize: 1, mean: 10, std: 2 }).at(0);
  const row = (bin: number): number[] => [0, 1, 2, 3].map((t) => (100 * bin + t - 10) / 2);
  expect([...data]).toEqual([...row(0), 0, 0, ...row(1), 0, 0]);
});

test('draws from the clips asked for; fewer than a batch come more than once', async () => {
  const batches = await take(3, { pieces: first(2, 5) });
  for (const { clips } of batches) {
    expect(clips.slice(0, 2).sort()).toEqual([2, 5]);
    expect(clips.slice(2).sort()).toEqual([2, 5]);
  }
});

test('every piece of a long clip comes once an epoch, and a batch names the clip', async () => {
  const store = memoryStore([numbered(0, 3, 20), [numbered(1, 3, 20), numbered(1001, 3, 20), numbered(2001, 3, 20)]]);
  const pieces = [...first(0, 1), { clip: 1, piece: 1 }, { clip: 1, piece: 2 }];
  const batches = createBatches(store, { ...options, pieces });
  for (let step = 0; step < 5; step++) {
    const { data, clips } = await batches.at(step);
    expect([...clips].sort()).toEqual([0, 1, 1, 1]);
    const drawn = clips.map((_, row) => Math.floor(data[18 * row]! / 1000));
    expect(drawn.sort((a, b) => a - b)).toEqual([0, 1, 1001, 2001]);
  }
});

test('another clip takes the place of one that cannot be used, always the same', async () => {
  const spectrograms = Array.from({ length: 5 }, (_, clip) => (clip === 3 ? undefined : numbered(clip, 3, 20)));
  const run = async (): Promise<Batch[]> => {
    const store = memoryStore(spectrograms);
    const batches = createBatches(store, { ...options, batchSize: 5 });
    const result = [await batches.at(0), await batches.at(1)];
    expect(store.skipped).toEqual([{ path: '3.wav', reason: 'damaged', cause: 'damaged' }]);
    return result;
  };
  const batches = await run();
  for (const { clips } of batches) {
    expect(clips.length).toBe(5);
    expect(new Set(clips)).toEqual(new Set([0, 1, 2, 4]));
  }
  expect(await run()).toEqual(batches);
  await expect(createBatches(memoryStore([undefined, undefined]), options).at(0)).rejects.toThrow(
    /all were skipped.*\n {2}[01]\.wav: damaged/,
  );
});

test('with maxSilence, crops avoid digital silence where the clip allows it', async () => {
  const floor = Math.fround(Math.log(2 ** -23));
  const withSilence = (silent: (t: number) => boolean): ReturnType<typeof numbered> => {
    const { data, bins, frames } = numbered(0, 3, 40);
    return { bins, frames, data: data.map((value, i) => (silent(i % frames) ? floor : value)) };
  };
  const starts = async (silent: (t: number) => boolean, maxSilence: number): Promise<Set<number>> => {
    const batches = createBatches(memoryStore([withSilence(silent)]), {
      ...options,
      batchSize: 1,
      frames: 10,
      maxSilence,
    });
    const found = new Set<number>();
    for (let step = 0; step < 400; step++) {
      const { data } = await batches.at(step);
      const t = data.findIndex((value) => value !== floor);
      found.add(t < 0 ? -1 : data[t]! - (t % 10) - 100 * Math.floor(t / 10));
    }
    return found;
  };
  const range = (from: number, to: number): Set<number> =>
    new Set(Array.from({ length: to - from + 1 }, (_, i) => from + i));
  // sound in frames 0 to 19: at least half of a crop is sound for starts 0 to 15
  expect(await starts((t) => t >= 20, 0.5)).toEqual(range(0, 15));
  expect(await starts((t) => t >= 20, 0)).toEqual(range(0, 10));
  // too little sound anywhere: the starts that hold all of it
  expect(await starts((t) => t < 20 || t > 22, 0.5)).toEqual(range(13, 20));
  expect((await starts((t) => t >= 20, 1)).has(-1)).toBe(true);
});

test('mixing adds the power of another crop of the batch, up to its share', async () => {
  const level = [-3, 1, 4];
  const store = memoryStore(level.map((value) => ({ bins: 2, frames: 6, data: new Float32Array(12).fill(value) })));
  const mixing = 0.5;
  const how = { ...options, batchSize: 3, frames: 6, mean: 1, std: 2 };
  const [plain, batches] = [createBatches(store, how), createBatches(store, { ...how, mixing })];
  const shares: number[] = [];
  for (let step = 0; step < 300; step++) {
    const [{ data, clips }, bare] = [await batches.at(step), await plain.at(step)];
    expect(clips).toEqual(bare.clips); // order and crops are as without
    clips.forEach((clip, row) => {
      const power = Math.exp(2 * data[12 * row]! + 1);
      const of = (other: number): number =>
        (power - Math.exp(level[clip]!)) / (Math.exp(level[other]!) - Math.exp(level[clip]!));
      // one of the two others explains it with a share of 0 to 0.5, for every frame and bin
      const explained = clips.filter((other) => other !== clip && of(other) >= -1e-6 && of(other) <= mixing);
      expect(explained.length).toBeGreaterThan(0);
      expect(new Set(data.subarray(12 * row, 12 * row + 12)).size).toBe(1);
      if (explained.length === 1) shares.push(of(explained[0]!));
    });
  }
  expect(Math.max(...shares)).toBeGreaterThan(0.45);
  expect(Math.min(...shares)).toBeLessThan(0.05);
  expect(await createBatches(store, { ...how, mixing }).at(7)).toEqual(await batches.at(7));
});

test('a shorter crop is silent after its end in a mixture, and padding stays padding', async () => {
  const store = memoryStore([numbered(0, 3, 2), numbered(0, 3, 6)]);
  const { data, clips } = await createBatches(store, { ...options, batchSize: 2, mixing: 0.9 }).at(0);
  const [short, long] = [clips.indexOf(0), clips.indexOf(1)];
  expect([...data.subarray(18 * short + 2, 18 * short + 6)]).toEqual([0, 0, 0, 0]);
  // what is left of the long one has 1 - λ of its power there
  const kept = [2, 3, 4, 5].map((t) => data[18 * long + t]! - t);
  for (const value of kept) expect(value).toBeCloseTo(kept[0]!, 5);
  expect(kept[0]).toBeLessThan(0);
});

test('wrong options and steps are named', async () => {
  const make = (more: Partial<BatchOptions>) => (): unknown => createBatches(tenClips, { ...options, ...more });
  expect(make({ batchSize: 0 })).toThrow(
    'createBatches: expected batchSize to be a whole number of 1 or more, got 0; correct the option',
  );
  expect(make({ frames: 1.5 })).toThrow(/frames .* got 1.5/);
  expect(make({ std: 0 })).toThrow(/std to be a number above 0, got 0/);
  expect(make({ mean: NaN })).toThrow(/mean .* got NaN/);
  expect(make({ pieces: [] })).toThrow(/pieces to be one or more, got none/);
  expect(make({ prefetch: -1 })).toThrow(/prefetch .* got -1/);
  expect(make({ mixing: 1 })).toThrow(/mixing to be a number from 0 to below 1, got 1/);
  expect(make({ mixing: 0.4, batchSize: 1 })).toThrow(/batchSize to be 2 or more where crops are mixed, got 1/);
  expect(make({ maxSilence: 2 })).toThrow(/maxSilence to be a number from 0 to 1, got 2/);
  await expect(createBatches(tenClips, options).at(-1)).rejects.toThrow(
    /step to be a whole number of 0 or more, got -1/,
  );
});

test('from files to batches', async () => {
  const root = await temporaryFolder();
  for (let i = 0; i < 3; i++) await put(join(root, `${i}.wav`), wav(sine(300 + 200 * i, 0.4)));
  await put(join(root, 'damaged.wav'), 'RIFF');
  const store = await openLogMels((await openFolder(root)).clips, { workers: 1, cacheDir: join(root, 'cache') });
  onTestFinished(() => store.close());
  const batches = createBatches(store, { ...options, mean: -7, std: 4, frames: 16 });
  const { data, clips } = await batches.at(0);
  expect(data.length).toBe(4 * 80 * 16);
  expect(data.every(Number.isFinite)).toBe(true);
  expect(clips).not.toContain(3);
  expect(store.skipped.length).toBe(1);
});
