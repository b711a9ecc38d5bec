import { convertCheckpoint } from '@audio-ssl/pretrained';
import { openTensors, safetensorsChunks, type TensorFile } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convert } from '../src/convert.js';
import { InputError } from '../src/input-error.js';
import { collecting } from './collecting.js';
import { tinyCheckpoint, tinyRun } from './tiny-models.js';

let folder: string;
let checkpoint: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'convert-'));
  checkpoint = await tinyCheckpoint(folder);
});
afterAll(() => rm(folder, { recursive: true }));

async function withFile<R>(path: string, use: (file: TensorFile) => Promise<R>): Promise<R> {
  const file = await openTensors(await openFile(path));
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

describe('convert', () => {
  it('gives the same checkpoint there and back', async () => {
    const [there, back] = [join(folder, 'there.safetensors'), join(folder, 'back.pth')];
    const { family, names, rows } = await convert({ from: checkpoint, to: there, numHeads: 2 });
    expect([family, names]).toEqual(['MATPAC encoder', 'audio-ssl']);
    const kinds = rows.map(({ what }) => what);
    expect([kinds.filter((kind) => kind === 'copied'), kinds.filter((kind) => kind === 'transposed')]).toEqual([
      Array.from({ length: 21 }, () => 'copied'),
      Array.from({ length: 9 }, () => 'transposed'),
    ]);
    expect(kinds).toHaveLength(30);
    expect((await convert({ from: there, to: back })).names).toBe('matpac');
    await withFile(checkpoint, (source) =>
      withFile(back, async (result) => {
        expect([...result.tensors.keys()].sort()).toEqual([...source.tensors.keys()].sort());
        for (const name of source.tensors.keys())
          expect(await result.read(name), name).toEqual(await source.read(name));
      }),
    );
    expect(await withFile(there, async ({ values }) => values.get('numHeads'))).toBe('2');
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('computes positions in a process of its own, where no backend runs', { timeout: 120_000 }, async () => {
    const ours = join(folder, 'without positions.safetensors');
    await withFile(checkpoint, async (file) => {
      const { tensors, metadata } = await convertCheckpoint(file, 'audio-ssl');
      const without = new Map([...tensors].filter(([name]) => name !== 'pos_embed'));
      await writeFile(ours, safetensorsChunks(without, metadata));
      const to = join(folder, 'computed.pt');
      const program = `
        import { convert } from ${JSON.stringify(new URL('../src/convert.ts', import.meta.url))};
        const { rows } = await convert({ from: ${JSON.stringify(ours)}, to: ${JSON.stringify(to)} });
        console.log(JSON.stringify(rows.filter(({ what }) => what === 'computed')));`;
      const args = ['--import', 'tsx', '--conditions=@audio-ssl/source', '--input-type=module', '--eval', program];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      expect(JSON.parse(stdout)).toMatchObject([{ to: 'pos_embed', shape: [1, 191, 16] }]);
      await withFile(to, async (computed) =>
        expect(await computed.read('pos_embed')).toEqual(await file.read('pos_embed')),
      );
    });
  });

  it('takes the newest checkpoint of a run that is not damaged', async () => {
    const run = await tinyRun(join(folder, 'run'));
    const to = join(folder, 'of-run.safetensors');
    const converted = async (): Promise<{ kernel: number[]; warnings: readonly string[] }> => {
      const reporter = collecting();
      await convert({ from: run, to, reporter });
      const { data } = await withFile(to, (file) => file.read('student.patch_embed.proj.kernel'));
      return { kernel: [...data], warnings: reporter.warnings };
    };
    const newest = join(run, 'checkpoints', 'step-00000006.safetensors');
    const whole = await converted();
    expect(whole.warnings).toEqual([]);
    await writeFile(newest, (await readFile(newest)).subarray(0, 10_000));
    const passedOver = await converted();
    expect(passedOver.warnings).toEqual([expect.stringMatching(/passed over a damaged checkpoint: .*step-00000006/)]);
    await rm(newest);
    const older = await converted();
    expect(passedOver.kernel).toEqual(older.kernel);
    expect(older.kernel).not.toEqual(whole.kernel);
    // What the configuration says goes into the metadata.
    const values = await withFile(to, async (file) => file.values);
    expect(Object.fromEntries(values)).toMatchObject({ numHeads: '2', mean: '-6.5', std: '3.25', chunkFrames: '2048' });
  });

  it('takes the checkpoint after as many steps as asked, and gives the same bytes at any time', async () => {
    const run = await tinyRun(join(folder, 'steps'));
    const converted = async (name: string, atStep?: number): Promise<Buffer> => {
      await convert({ from: run, to: join(folder, name), atStep });
      return readFile(join(folder, name));
    };
    const [first, newest] = [await converted('a.pt', 4), await converted('b.pt', 6)];
    await new Promise((resolve) => setTimeout(resolve, 2100)); // the clock of a zip has steps of two seconds
    expect((await converted('c.pt')).equals(newest)).toBe(true);
    expect((await converted('d.pt', 4)).equals(first)).toBe(true);
    expect(first.equals(newest)).toBe(false);
    await expect(converted('e.pt', 5)).rejects.toThrow('`atStep`: ' + run + ' has no checkpoint after step 5');
  });

  it('refuses what cannot be written, and another type, before the work', async () => {
    const out = (name: string): string => join(folder, 'taken', name);
    await mkdir(out('d.safetensors'), { recursive: true });
    await writeFile(out('file'), '');
    const refused = (to: string, message: RegExp) => expect(convert({ from: checkpoint, to })).rejects.toThrow(message);
    await refused(out('d.safetensors'), /`to` .*d\.safetensors: expected a file, got a folder/);
    await refused(join(out('file'), 'x.pt'), /`to`: expected a folder that can be written to, got .*file.* is a file/);
    await refused('x.onnx', /\.safetensors, \.pt or \.pth/);
    const type = convert({ from: checkpoint, to: 'x.onnx' });
    await expect(type).rejects.toBeInstanceOf(InputError);
    await expect(type).rejects.toHaveProperty('concerns', 'option');
    await expect(convert({ from: 'none.pt', to: out('x.pt') })).rejects.toThrow('none.pt: no such file');
    await expect(convert({ from: folder, to: out('x.pt') })).rejects.toThrow(
      /has \d+ files of weights|no file of weights/,
    );
  });

  it('keeps the old file when it is stopped', async () => {
    const to = join(folder, 'stopped.safetensors');
    await writeFile(to, 'old');
    await expect(convert({ from: checkpoint, to, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    expect(await readFile(to, 'utf8')).toBe('old');
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
