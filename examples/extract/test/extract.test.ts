import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { initMatpac, sizes, variants } from '@audio-ssl/matpac';
import { disposeTree, leaves, randomStream, type TensorTree } from '@audio-ssl/params';
import { encoderMetadata } from '@audio-ssl/pretrained';
import { fromTensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEmbedder } from '../src/page.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'extract-'));
  const state = initMatpac({ model: sizes.demo, ...variants.matpac }, 1);
  const all = await fromTensors(leaves(state as unknown as TensorTree));
  disposeTree(state as unknown as TensorTree);
  await writeFile(
    join(folder, 'training.bin'),
    writeSafetensors(
      all,
      encoderMetadata({
        patch: [16, 16],
        bins: 80,
        numHeads: 4,
        frontEnd: 'matpac',
        mean: -7.056,
        std: 4.193,
        chunkFrames: 608,
      }),
    ),
  );
  const random = randomStream(2);
  const uniform = (...shape: number[]) => ({
    dtype: 'F32' as const,
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, random),
  });
  const probe = new Map([
    ['probe.weight', uniform(20, 5 * 128)],
    ['probe.bias', uniform(20)],
  ]);
  await writeFile(join(folder, 'probe.bin'), writeSafetensors(probe));
  // One second of noise as a WAV of 16-bit samples.
  const wav = Buffer.alloc(44 + 32_000);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + 32_000, 4);
  wav.write('WAVEfmt ', 8);
  for (const [at, value] of [
    [16, 16],
    [24, 16_000],
    [28, 32_000],
    [40, 32_000],
  ] as const)
    wav.writeUInt32LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    wav.writeUInt16LE(value, at);
  wav.write('data', 36);
  for (let i = 0; i < 16_000; i++) wav.writeInt16LE(Math.round(20_000 * (random() - 0.5)), 44 + 2 * i);
  await writeFile(join(folder, 'noise.wav'), wav);
});
afterAll(() => rm(folder, { recursive: true }));

/** The files of the test by their full path; the name of a size as it is. */
const inFolder = (arg: string): string => (arg.includes('.') ? join(folder, arg) : arg);

const argsOf = (example: string, ...args: string[]): string[] => [
  ...['--import', 'tsx', '--conditions=@audio-ssl/source'],
  join(import.meta.dirname, '..', 'src', example),
  ...args.map(inFolder),
];

const run = (example: string, ...args: string[]): string =>
  execFileSync(process.execPath, argsOf(example, ...args), {
    ...{ encoding: 'utf8', cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'pipe'] },
  });

it.each<[string, string[], RegExp]>([
  ['embed.ts', ['training.bin', 'noise.wav'], /audio-ssl training checkpoint: 640 values/],
  [
    'classify.ts',
    ['training.bin', 'probe.bin', 'noise.wav'],
    /accordion|banjo|bass|cello|clarinet|cymbals|drums|flute|guitar|organ|piano|voice/,
  ],
  ['resume-pretraining.ts', ['training.bin', 'demo'], /student\.encoder, .*teacher\.head, center/],
])('%s runs', { timeout: 240_000 }, (example, args, printed) => {
  expect(run(example, ...args)).toMatch(printed);
});

it('serve.ts finds the nearest sounds, refuses what is no sound, and ends', { timeout: 240_000 }, async () => {
  const server = spawn(process.execPath, argsOf('serve.ts', 'training.bin', '.', '0'), { cwd: import.meta.dirname });
  let printed = '';
  let wrong = '';
  server.stdout.on('data', (text) => (printed += text));
  server.stderr.on('data', (text) => (wrong += text));
  const ended = new Promise<number | null>((resolve) => server.on('close', resolve));
  try {
    while (!/port (\d+)/.test(printed) && server.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const address = `http://localhost:${/port (\d+)/.exec(printed)?.[1]}`;
    const ask = (body: string | Uint8Array<ArrayBuffer>): Promise<Response> =>
      fetch(address, { method: 'POST', body, headers: { connection: 'close' } });
    const answer = await ask(await readFile(inFolder('noise.wav')));
    expect(await answer.json()).toEqual([{ name: 'noise.wav', similarity: expect.any(Number) }]);
    const refused = await ask('no sound');
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('expected ')]);
  } finally {
    server.kill('SIGTERM');
  }
  expect(await ended, wrong).toBe(0);
});

it('page.ts gives in a page the features of embed.ts', { timeout: 240_000 }, async () => {
  const [checkpoint, sound] = await Promise.all(['training.bin', 'noise.wav'].map((name) => readFile(inFolder(name))));
  const wasmFolder = join(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')), '/');
  const embedder = await openEmbedder(new Blob([new Uint8Array(checkpoint!)]), wasmFolder);
  const features = await embedder.embed(new Blob([new Uint8Array(sound!)]));
  embedder.dispose();
  const inNode = /values, (.*), \.\.\./.exec(run('embed.ts', 'training.bin', 'noise.wav'))![1]!.split(', ');
  inNode.forEach((printed, i) => expect(Math.abs(features[i]! - Number(printed))).toBeLessThan(1e-3)); // three decimals

  // As a bundle it asks for nothing that a page has not.
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '..', 'src', 'page.ts')],
    ...{ bundle: true, format: 'iife', globalName: 'bundled', minify: true, write: false, logLevel: 'silent' },
    ...{ platform: 'browser', conditions: ['@audio-ssl/source'] },
  });
  const page = createContext({ console, performance, TextEncoder, TextDecoder, URL, setTimeout, Worker: EventTarget });
  page['self'] = page;
  runInContext(outputFiles[0]!.text, page);
  expect(Object.keys(page['bundled'] as object)).toEqual(['openEmbedder']);
});
