import { spawn } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readWhole, removeUnfinished, writeAtomically } from '../src/node.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomic-'));
  path = join(folder, 'a.txt');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('writeAtomically', () => {
  const large = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
  async function* pieces(): AsyncGenerator<string | Uint8Array> {
    yield 'one, ';
    yield large;
    const reused = new Uint8Array(2);
    for (let i = 0; i < 300_000; i++) yield reused.fill(65 + (i % 26)); // the same memory each time
    yield large.subarray(0, 1_500_000);
    yield 'ä';
  }

  it('writes strings, bytes and pieces of both, of any number and length', async () => {
    for (const [content, expected] of [
      ['text, ä', Buffer.from('text, ä')],
      [large, Buffer.from(large)],
      ['', Buffer.alloc(0)],
      [[], Buffer.alloc(0)],
      [new Set(['a', 'b']), Buffer.from('ab')],
    ] as const) {
      await writeAtomically(path, content);
      expect((await readFile(path)).equals(expected)).toBe(true);
      expect(Buffer.from(await readWhole(path)).equals(expected)).toBe(true);
    }
    await writeAtomically(path, pieces(), { flush: false });
    const parts: Buffer[] = [];
    for await (const piece of pieces()) parts.push(Buffer.from(piece)); // a copy
    expect((await readFile(path)).equals(Buffer.concat(parts))).toBe(true);
    expect(await readdir(folder)).toEqual(['a.txt']);
  });

  it('leaves the old content and nothing else when the content fails', async () => {
    await writeFile(path, 'old');
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield large;
      expect(await readFile(path, 'utf8')).toBe('old');
      expect(await readdir(folder)).toHaveLength(2);
      throw new Error('no more');
    };
    await expect(writeAtomically(path, failing())).rejects.toThrow('no more');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['a.txt']);
    await expect(writeAtomically(join(folder, 'none', 'a.txt'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
    await mkdir(join(folder, 'b'));
    await writeFile(join(folder, 'b', 'c'), '');
    await expect(writeAtomically(join(folder, 'b'), 'x')).rejects.toMatchObject({ code: 'EISDIR' });
    expect((await readdir(folder)).sort()).toEqual(['a.txt', 'b']);
  });

  it('is not disturbed by others that write to the same name', async () => {
    const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(100_000));
    await Promise.all(contents.map((content) => writeAtomically(path, content)));
    expect(contents).toContain(await readFile(path, 'utf8'));
    expect(await readdir(folder)).toEqual(['a.txt']);
  });

  it('replaces a link and leaves what it points to', async () => {
    const other = join(folder, 'other.txt');
    await writeFile(other, 'kept');
    await symlink(other, path);
    await writeAtomically(path, 'new');
    expect((await lstat(path)).isSymbolicLink()).toBe(false);
    expect([await readFile(path, 'utf8'), await readFile(other, 'utf8')]).toEqual(['new', 'kept']);
  });

  it('leaves the old content after kill -9; the rest can be removed', async () => {
    await writeFile(path, 'old');
    await writeFile(join(folder, 'mine.tmp'), '');
    await symlink('nowhere', join(folder, 'a.txt.9999999-0123456789ab.tmp')); // a trap of somebody who guesses names
    const script = `
      import { writeAtomically } from ${JSON.stringify(join(import.meta.dirname, '..', 'src', 'node.ts'))};
      const endless = function* () { for (;;) yield new Uint8Array(2 ** 20); };
      await writeAtomically(${JSON.stringify(path)}, endless());`;
    const options = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, options, { stdio: 'inherit', cwd: import.meta.dirname });
    const ended = new Promise((resolve) => child.on('close', resolve));
    while ((await readdir(folder)).length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    await ended;
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toHaveLength(4);
    expect(await readlink(join(folder, 'a.txt.9999999-0123456789ab.tmp'))).toBe('nowhere');
    await removeUnfinished(folder, join(folder, 'b.txt'));
    expect(await readdir(folder)).toHaveLength(4);
    await removeUnfinished(folder, path);
    expect((await readdir(folder)).sort()).toEqual(['a.txt', 'mine.tmp']);
  });
});

it('removes nothing that a living process is writing, but what one of the same number left', async () => {
  await writeFile(join(folder, `a.txt.${process.pid}-0123456789ab.tmp`), '');
  await writeFile(join(folder, `a.txt.${process.ppid}-0123456789ab.tmp`), '');
  let left: string[] = [];
  await writeAtomically(
    path,
    (async function* () {
      await removeUnfinished(folder);
      left = await readdir(folder);
      yield 'whole';
    })(),
  );
  expect(left).toHaveLength(2); // the one that is being written, and that of the parent
  expect(left).toContain(`a.txt.${process.ppid}-0123456789ab.tmp`);
  expect(await readFile(path, 'utf8')).toBe('whole');
});

it('the entry for Node loads no tensor library', async () => {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, '..', 'src', 'node.ts')],
    ...{ bundle: true, format: 'esm', write: false, logLevel: 'silent', metafile: true },
    ...{ platform: 'node', conditions: ['@audio-ssl/source'] },
  });
  expect(Object.keys(metafile.inputs).filter((input) => !input.includes('tensor-files/src/'))).toEqual([]);
});
