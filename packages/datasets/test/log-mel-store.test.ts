import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { createLogMel, decodeAudio, mixToMono, resample, type Spectrogram } from '@audio-ssl/audio-frontend';
import { sharedFolder } from '@audio-ssl/testing';
import { describe, expect, onTestFinished, test } from 'vitest';

import {
  openEsc50,
  openFolder,
  openLogMels,
  openNsynth,
  SkippedClipError,
  type LogMelStore,
  type LogMelStoreOptions,
} from '../src/index.js';
import { shippedNotes } from './shipped-notes.js';
import { temporaryFolder } from './temporary-folder.js';
import { floatWav, put, sine, wav } from './wav.js';

async function open(root: string, options: LogMelStoreOptions = {}): Promise<LogMelStore> {
  const store = await openLogMels((await openFolder(root)).clips, { workers: 1, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** What a worker has to come to, done here. */
async function direct(path: string): Promise<Spectrogram> {
  const audio = await decodeAudio(await readFile(path));
  return createLogMel()(resample(mixToMono(audio), audio.sampleRate, 16_000));
}

const cacheFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

test('the workers compute what the front end does, at any sample rate, from WAV and FLAC', async () => {
  const root = await temporaryFolder();
  await put(join(root, 'a.wav'), wav(sine(440, 0.5)));
  await put(join(root, 'b.wav'), wav(sine(440, 0.5, 44_100), 44_100));
  const note = (await openNsynth(shippedNotes)).clips[100]!.path;
  await copyFile(note, join(root, 'c.flac'));
  const store = await open(root, { workers: 2 });
  for (const [index, frames] of [48, 48, 198].entries()) {
    const spectrogram = await store.load(index);
    const expected = await direct(store.clips[index]!.path);
    expect(spectrogram).toMatchObject({ bins: 80, frames });
    expect(spectrogram.data).toEqual(expected.data);
  }
});

test('front-end options reach the workers', async () => {
  const root = await temporaryFolder();
  await put(join(root, 'a.wav'), wav(sine(440, 0.5)));
  const store = await open(root, { logMel: { melBins: 40, hopLength: 320 } });
  expect(await store.load(0)).toMatchObject({ bins: 40, frames: 24 });
});

describe('the cache', () => {
  test('is used when it holds the clip as it is', async () => {
    const [root, cacheDir] = [await temporaryFolder(), await temporaryFolder()];
    await put(join(root, 'a.wav'), wav(sine(440, 0.2)));
    const { data } = await (await open(root, { cacheDir })).load(0);
    const [file] = await cacheFiles(cacheDir);

    // a valid file with other numbers in it: if they come back, the cache was read
    const bytes = await readFile(file!);
    const values = bytes.subarray(-4 * data.length);
    values.writeFloatLE(123, 0);
    createHash('sha256')
      .update(values)
      .digest()
      .copy(bytes, bytes.length - values.length - 32);
    await writeFile(file!, bytes);
    const again = await (await open(root, { cacheDir })).load(0);
    expect(again.data[0]).toBe(123);
    expect(again.data.slice(1)).toEqual(data.slice(1));
  });

  test('is computed again and repaired when damaged', async () => {
    const [root, cacheDir] = [await temporaryFolder(), await temporaryFolder()];
    await put(join(root, 'a.wav'), wav(sine(440, 0.2)));
    const { data } = await (await open(root, { cacheDir })).load(0);
    const [file] = await cacheFiles(cacheDir);
    const whole = await readFile(file!);
    await writeFile(file!, whole.subarray(0, whole.length - 4));
    expect((await (await open(root, { cacheDir })).load(0)).data).toEqual(data);
    expect(await readFile(file!)).toEqual(whole);
  });

  test('does not outlive a change of the file or of the options', async () => {
    const [root, cacheDir] = [await temporaryFolder(), await temporaryFolder()];
    const path = join(root, 'a.wav');
    await put(path, wav(sine(440, 0.2)));
    await (await open(root, { cacheDir })).load(0);
    await put(path, wav(sine(880, 0.2))); // the same size
    await utimes(path, new Date(), new Date(Date.now() + 5000));
    expect((await (await open(root, { cacheDir })).load(0)).data).toEqual((await direct(path)).data);
    expect((await (await open(root, { cacheDir, logMel: { center: true } })).load(0)).frames).toBe(21);
    expect((await cacheFiles(cacheDir)).length).toBe(3);
  });

  test('is shared by stores that fill it at the same time, and nothing unfinished stays behind', async () => {
    const [root, cacheDir] = [await temporaryFolder(), await temporaryFolder()];
    for (let i = 0; i < 12; i++) await put(join(root, `${i}.wav`), wav(sine(200 + 50 * i, 0.3)));
    const stores = [await open(root, { cacheDir, workers: 2 }), await open(root, { cacheDir, workers: 2 })];
    const [a, b] = await Promise.all(stores.map((store) => store.prepareAll()));
    expect(a!.kept.length).toBe(12);
    expect(b).toEqual(a);
    const files = await cacheFiles(cacheDir);
    expect(files.length).toBe(12);
    expect(files.filter((file) => file.endsWith('.tmp'))).toEqual([]);
    for (let i = 0; i < 12; i++)
      expect((await stores[0]!.load(i)).data).toEqual((await direct(stores[0]!.clips[i]!.path)).data);
  });

  test('that cannot be written is reported once, and all continues from memory', async () => {
    const root = await temporaryFolder();
    const cacheDir = join(root, 'taken'); // a file where the folder should be: fails for root, too
    await put(cacheDir, 'not a folder');
    for (let i = 0; i < 4; i++) await put(join(root, `${i}.wav`), wav(sine(440, 0.2)));
    const warnings: string[] = [];
    const store = await open(root, { cacheDir, workers: 2, onWarning: (message) => warnings.push(message) });
    expect((await store.prepareAll()).kept).toEqual([0, 1, 2, 3]);
    expect(warnings).toEqual([
      expect.stringMatching(/^openLogMels: cannot write to .*taken \(E.*\); continuing from memory, slower next time$/),
    ]);
  });
});

describe('damaged files', () => {
  async function damagedAmongGood(): Promise<string> {
    const root = await temporaryFolder();
    const flac = await readFile((await openNsynth(shippedNotes)).clips[0]!.path);
    const good = wav(sine(440, 0.3));
    const withNaN = sine(440, 0.3);
    withNaN[100] = NaN;
    await put(join(root, '0-good.wav'), good);
    await put(join(root, '1-empty.wav'), '');
    await put(join(root, '2-truncated.wav'), good.subarray(0, 30));
    await put(join(root, '3-truncated.flac'), flac.subarray(0, flac.length / 2));
    await put(join(root, '4-nan.wav'), floatWav(withNaN));
    await put(join(root, '5-tag.wav'), Buffer.concat([Buffer.from('ID3\u0004'), Buffer.alloc(2000)]));
    await put(join(root, '6-no-samples.wav'), wav([]));
    await put(join(root, '7-short.wav'), wav(sine(440, 0.01)));
    await put(join(root, '8-text.flac'), 'this is not audio');
    await put(join(root, '9-good.flac'), flac);
    return root;
  }

  test('are skipped, counted and listed with a reason', async () => {
    const store = await open(await damagedAmongGood(), { workers: 2 });
    const progress = new Set<number>();
    const { kept, skipped } = await store.prepareAll({ onProgress: ({ done, total }) => progress.add(done / total) });
    expect(kept).toEqual([0, 9]);
    expect(skipped.map(({ path }) => path)).toEqual(store.clips.slice(1, 9).map(({ path }) => path));
    const reasons = skipped.map(({ reason }) => reason);
    for (const [i, pattern] of [
      /empty/,
      /truncated|WAV/i,
      /is truncated: 1\.5 s of 2\.0 s are missing/,
      /got NaN in channel 0 at sample 100/,
      /no format that is known/,
      /without any/,
      /^too short: expected at least 400 samples at 16000 Hz, which is one frame, got 160; /,
      /got text;/,
    ].entries()) {
      expect(reasons[i]).toMatch(pattern);
    }
    expect(skipped.map(({ cause }) => cause)).toEqual([
      ...['empty', 'truncated', 'truncated', 'damaged', 'not audio', 'empty', 'too short', 'not audio'],
    ]);
    expect([...progress]).toEqual(Array.from({ length: 10 }, (_, i) => (i + 1) / 10));
    expect(store.skipped).toEqual(skipped);
    await expect(store.load(1)).rejects.toThrow(SkippedClipError);
  });

  test('a pipe, a link that leads nowhere or to itself, and an impossible sample rate are skipped at once', async () => {
    const root = await temporaryFolder();
    await put(join(root, 'good.wav'), wav(sine(440, 0.3)));
    await promisify(execFile)('mkfifo', [join(root, 'pipe.wav')]);
    await symlink(join(root, 'nowhere'), join(root, 'nowhere.wav'));
    await symlink('self.wav', join(root, 'self.wav'));
    // 1 Hz would be resampled to 16000 times its length
    for (const rate of [1, 4_294_967_295]) await put(join(root, `rate-${rate}.wav`), wav(sine(440, 1), rate));
    await mkdir(join(root, 'folder'));
    const { clips } = await openFolder(root);
    // what a folder's walk leaves out, and a list of paths may hold
    const more = ['nowhere.wav', 'pipe.wav', 'self.wav', 'folder'].map((id) => ({ id, path: join(root, id) }));
    const store = await openLogMels([...clips, ...more], { workers: 1 });
    onTestFinished(() => store.close());
    const { kept, skipped } = await store.prepareAll();
    expect(kept.map((index) => clips[index]!.id)).toEqual(['good.wav']);
    expect(skipped.map(({ path, reason, cause }) => [basename(path), reason, cause])).toEqual([
      ['rate-1.wav', expect.stringMatching(/expected a sample rate .* got 1; /), expect.any(String)],
      ['rate-4294967295.wav', expect.stringMatching(/expected a sample rate .* got 4294967295; /), expect.any(String)],
      [
        'nowhere.wav',
        expect.stringMatching(/^no such file, or a link that leads nowhere \(ENOENT\); /),
        'no such file',
      ],
      ['pipe.wav', 'expected a file, got a pipe; leave it out', 'pipe'],
      ['self.wav', expect.stringMatching(/^a link that leads to itself/), 'link to itself'],
      ['folder', 'expected a file, got a folder; leave it out', 'folder'],
    ]);
  });

  test('a clip shorter than a window is skipped, or filled up to it on demand, apart in the cache', async () => {
    const root = await temporaryFolder();
    const short = sine(440, 0.3).subarray(0, 100);
    await put(join(root, 'short.wav'), floatWav(short));
    const { clips } = await openFolder(root);
    const cacheDir = join(root, 'cache');
    const filled = await openLogMels(clips, { workers: 1, fillShort: true, cacheDir });
    onTestFinished(() => filled.close());
    const long = new Float32Array(400);
    long.set(short);
    expect(await filled.load(0)).toEqual(createLogMel()(long));
    const store = await openLogMels(clips, { workers: 1, cacheDir });
    onTestFinished(() => store.close());
    await expect(store.load(0)).rejects.toThrow(/expected at least 400 samples/);
  });

  test('a file that is gone is skipped, too', async () => {
    const root = await temporaryFolder();
    await put(join(root, 'a.wav'), wav(sine(440, 0.3)));
    const { clips } = await openFolder(root);
    const store = await openLogMels([...clips, { id: 'gone', path: join(root, 'gone.wav') }], { workers: 1 });
    onTestFinished(() => store.close());
    const { kept, skipped } = await store.prepareAll();
    expect(kept).toEqual([0]);
    expect(skipped[0]!.reason).toMatch(/ENOENT/);
  });

  test('end the run only when nothing is left, and then the first reasons are named', async () => {
    const root = await temporaryFolder();
    for (let i = 0; i < 5; i++) await put(join(root, `${i}.wav`), '');
    await expect((await open(root)).prepareAll()).rejects.toThrow(
      /all were skipped; repair or replace them:\n {2}.*0\.wav: .*\n {2}.*1\.wav: .*\n {2}.*2\.wav: .*\n {2}and 2 more$/,
    );
  });

  test('clips shorter than minFrames are dropped, the others stay', async () => {
    const root = await temporaryFolder();
    await put(join(root, 'long.wav'), wav(sine(440, 1)));
    await put(join(root, 'short.wav'), wav(sine(440, 0.5)));
    const { kept, skipped } = await (await open(root, { minFrames: 98 })).prepareAll();
    expect(kept).toEqual([0]);
    expect(skipped[0]!.reason).toBe('too short: 48 frames, 98 or more are asked for; leave it out, or ask for fewer');
  });
});

test('memory is bounded: what does not fit is read again', async () => {
  const root = await temporaryFolder();
  // 1 MiB holds 3 log-mels of 10 s (80 x 998 x 4 bytes)
  for (let i = 0; i < 4; i++) await put(join(root, `${i}.wav`), wav(sine(440, 10)));
  const store = await open(root, { memory: 1 });
  const first = await store.load(0);
  expect(await store.load(0)).toBe(first);
  for (const index of [1, 2, 3]) await store.load(index);
  const again = await store.load(0);
  expect(again).not.toBe(first);
  expect(again.data).toEqual(first.data);
});

test('a clip asked for twice at once is computed once', async () => {
  const root = await temporaryFolder();
  await put(join(root, 'a.wav'), wav(sine(440, 0.2)));
  const store = await open(root);
  const [a, b] = await Promise.all([store.load(0), store.load(0)]);
  expect(a).toBe(b);
});

test('prepareAll stops when its signal says so', async () => {
  const root = await temporaryFolder();
  for (let i = 0; i < 20; i++) await put(join(root, `${i}.wav`), wav(sine(440, 0.2)));
  const controller = new AbortController();
  let done = 0;
  const preparing = (await open(root)).prepareAll({
    signal: controller.signal,
    onProgress: () => {
      if (++done === 3) controller.abort(new Error('enough'));
    },
  });
  await expect(preparing).rejects.toThrow('enough');
  expect(done).toBeLessThan(20);
});

test('wrong options and indices are named', async () => {
  const root = await temporaryFolder();
  await put(join(root, 'a.wav'), wav(sine(440, 0.2)));
  await expect(open(root, { workers: 0 })).rejects.toThrow(
    'openLogMels: expected workers to be a whole number of 1 or more, got 0',
  );
  await expect(open(root, { minFrames: 1.5 })).rejects.toThrow(/minFrames .* got 1.5/);
  await expect(open(root, { memory: -1 })).rejects.toThrow(/memory .* got -1/);
  await expect(open(root, { logMel: { logOffset: 0 } })).rejects.toThrow(/createLogMel: expected logOffset above 0/);
  await expect(openLogMels([])).rejects.toThrow(/one or more clips, got none/);
  await expect((await open(root)).load(1)).rejects.toThrow('expected an index of a clip (0 to 0), got 1');
});

test('the cache folder is made when it is missing', async () => {
  const [root, parent] = [await temporaryFolder(), await temporaryFolder()];
  await put(join(root, 'a.wav'), wav(sine(440, 0.2)));
  await (await open(root, { cacheDir: join(parent, 'new/deep') })).load(0);
  expect((await cacheFiles(join(parent, 'new/deep'))).length).toBe(1);
});

const esc50 = sharedFolder('data/esc50');

test.skipIf(!esc50)('ESC-50 clips are 498 frames', async () => {
  const { clips } = await openEsc50(esc50!);
  const store = await openLogMels(clips.slice(0, 8), { workers: 2 });
  onTestFinished(() => store.close());
  expect((await store.prepareAll()).kept.length).toBe(8);
  expect(await store.load(7)).toMatchObject({ bins: 80, frames: 498 });
});
