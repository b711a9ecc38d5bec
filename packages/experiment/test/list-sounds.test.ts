import type * as fs from 'node:fs';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listSounds } from '../src/list-sounds.js';
import { tinySounds, wav } from './tiny-sounds.js';

vi.mock('node:fs', async (original) => {
  const all = await original<typeof fs>();
  return { ...all, readdirSync: vi.fn<(path: string) => string[]>((path) => all.readdirSync(path)) };
});

let folder: string;
let sounds: string;
let temporary: string; // of this test alone
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'list-sounds-'));
  sounds = await tinySounds(folder);
  temporary = join(folder, 'temporary');
  await mkdir(temporary);
  vi.stubEnv('TMPDIR', temporary);
});
afterAll(() => rm(folder, { recursive: true }));

const stdin = async function* (...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
};

/** The ids that a list on standard input gives. */
const idsOf = async (...parts: (string | Uint8Array)[]): Promise<string[]> => {
  const { sounds: found, close } = await listSounds(['-'], { stdin: stdin(...parts) });
  await close();
  return found.map(({ id }) => id);
};
const utf16 = (text: string, order: 'LE' | 'BE'): Buffer => {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return order === 'LE' ? bytes : bytes.swap16();
};

describe('listSounds', () => {
  it('lists files and folders once', async () => {
    expect((await listSounds([sounds])).sounds).toHaveLength(11);
    const a = join(sounds, '0.wav');
    expect((await listSounds([a, sounds])).sounds.filter(({ path }) => path === a)).toHaveLength(1);
    await expect(listSounds([a, 'no-such.wav'])).rejects.toThrow('no-such.wav: no such file; check the path');
    await expect(listSounds([])).rejects.toThrow('no sounds');
  });

  it('goes on past a folder without sounds, unless there is nothing else', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty, { recursive: true });
    const listed = await listSounds([empty, sounds]);
    expect(listed.sounds).toHaveLength(11);
    expect(listed.skipped).toMatchObject([{ path: empty, cause: 'folder without sounds' }]);
    await expect(listSounds([empty])).rejects.toThrow(empty);
    await expect(listSounds([empty, `${empty}/`])).rejects.toThrow(/^no sounds: /);
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(other, 'notes.txt'), '');
    await expect(listSounds([empty, other])).rejects.toThrow(
      /^2 inputs have no sounds: 2 folder without sounds; .*\n {2}.*empty: .* got no files; .*\n {2}.*other: .* got 1 x \.txt;/,
    );
  });

  it('says of a folder that cannot be listed that it is so', async ({ onTestFinished, skip }) => {
    if (process.geteuid?.() !== 0) skip('only root can become somebody else');
    const closed = join(folder, 'closed');
    await mkdir(closed);
    await chmod(folder, 0o755);
    await chmod(closed, 0);
    process.seteuid!(65_534);
    onTestFinished(() => process.seteuid!(0));
    const { skipped } = await listSounds([closed, sounds]);
    expect(skipped).toEqual([
      {
        path: closed,
        reason: expect.stringContaining('(EACCES); change its permissions') as string,
        cause: 'folder not readable',
      },
    ]);
    await expect(listSounds([closed])).rejects.toThrow(`no sounds: ${closed}: the folder cannot be listed (EACCES)`);
  });

  it('lists a folder once, however many lines of a list are missing', async () => {
    const lines = Array.from({ length: 50 }, (_, i) => join(sounds, `missing ${i}.wav`));
    vi.mocked(readdirSync).mockClear();
    expect(await idsOf([join(sounds, '0.WAV'), ...lines].join('\n'))).toEqual([join(sounds, '0.wav'), ...lines]);
    expect(vi.mocked(readdirSync).mock.calls).toEqual([[sounds]]);
  });

  it('takes paths from standard input', async () => {
    const [a, b] = [join(sounds, '0.wav'), join(sounds, '2.wav')];
    const listed = await listSounds([a, '-'], { stdin: stdin(`${b}\n`, `${a}\r\n`) });
    expect(listed.sounds.map(({ id }) => id)).toEqual([a, b]);
    await listed.close();
    expect(await idsOf(`no-such.wav\n${a}\n`)).toEqual(['no-such.wav', a]); // it fails when its turn comes
    await expect(idsOf('no-such.wav\n')).rejects.toThrow('no-such.wav: no such file');
    await expect(idsOf('')).rejects.toThrow('no sounds: nothing came on standard input');
    for (const path of ['RIFFs.wav', 'ID3.wav', 'fLaC.wav', 'x'.repeat(200)]) {
      await expect(idsOf(`${path}\n`)).rejects.toThrow(
        `${path.slice(0, 80)}${path.length > 80 ? '...' : ''}: no such file`,
      );
    }
  });

  it('takes lists with a byte order mark, any line breaks, blanks and NUL', async () => {
    const [a, b] = [join(sounds, '0.wav'), join(sounds, '2.wav')];
    const odd = join(sounds, 'line\nbreak \x1b[31m.wav');
    await cp(a, odd);
    const text = `${a}\n${b}\n`;
    for (const list of [
      `\uFEFF${text}`,
      text.replaceAll('\n', '\r\n'),
      text.replaceAll('\n', '\r'),
      `\n  ${a} \n\n\t${b}\t\n \n`,
      `${a}\0${b}\0`,
      `${a}\0${b}`,
      utf16(text, 'LE'),
      utf16(text, 'BE'),
    ])
      expect(await idsOf(list), JSON.stringify(list)).toEqual([a, b]);
    expect(await idsOf(`${a}\0${odd}\0`)).toEqual([a, odd]);
    await rm(odd);
  });

  it('names the encoding of a list that is neither UTF-8 nor marked UTF-16', async () => {
    const a = join(sounds, '0.wav');
    await expect(idsOf(Buffer.from(`${a}\ncaf\xe9.wav\n`, 'latin1'))).rejects.toThrow(
      'standard input is not UTF-8 (line 2; perhaps Latin-1); write it in UTF-8',
    );
    await expect(idsOf(Buffer.from(a, 'utf16le'))).rejects.toThrow('UTF-16 without a byte order mark');
    await expect(idsOf(Buffer.concat([utf16(a, 'LE'), Buffer.of(10)]))).rejects.toThrow('odd number of bytes');
    await expect(idsOf(Buffer.concat([utf16(a, 'LE'), Buffer.of(0, 0xd8)]))).rejects.toThrow('not whole UTF-16');
  });

  it('finds names that are spelled with other code points or in another case', async () => {
    const there = join(folder, 'Stra\u00dfe', 'caf\u00e9.wav'); // composed
    await mkdir(join(folder, 'Stra\u00dfe'), { recursive: true });
    await cp(join(sounds, '0.wav'), there);
    expect(await idsOf(`${there.normalize('NFD')}\n`)).toEqual([there]);
    expect(await idsOf(`${join(folder, 'stra\u00dfe', 'CAF\u00c9.WAV')}\n`)).toEqual([there]);
    // Names that differ in their case alone are not guessed at.
    await cp(there, join(folder, 'Stra\u00dfe', 'Caf\u00e9.wav'));
    await expect(idsOf(`${join(folder, 'Stra\u00dfe', 'CAF\u00c9.wav')}\n`)).rejects.toThrow('no such file');
  });

  it('takes a sound from standard input, and removes its copy when it is closed', async () => {
    const bytes = wav(1000);
    const sound = await listSounds(['-'], { stdin: stdin(bytes.slice(0, 100), bytes.slice(100)) });
    expect(sound.sounds[0]!.id).toBe('-');
    expect(new Uint8Array(await readFile(sound.sounds[0]!.path))).toEqual(new Uint8Array(bytes));
    await sound.close();
    expect(existsSync(sound.sounds[0]!.path)).toBe(false);
  });

  it('refuses what is neither a sound nor a list, and leaves nothing behind', async () => {
    const before = await copies();
    const noise = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251);
    await expect(idsOf(noise)).rejects.toThrow(
      'standard input is neither a sound in a format that can be read nor a list',
    );
    expect(await copies()).toEqual(before);
  });

  it('stops reading when it is asked to', async () => {
    const before = await copies();
    const controller = new AbortController();
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        yield wav(1000);
        await sleep(1);
        controller.abort(new DOMException('stopped', 'AbortError'));
      }
    };
    await expect(listSounds(['-'], { stdin: endless(), signal: controller.signal })).rejects.toThrow('stopped');
    expect(await copies()).toEqual(before);
  });

  it('refuses - where no standard input is given', async () => {
    await expect(listSounds(['-'])).rejects.toThrow('the input - means standard input; give it as `stdin`');
  });
});

/** Folders for sounds from standard input. */
const copies = async (): Promise<string[]> =>
  (await readdir(temporary)).filter((name) => name.startsWith('audio-ssl-')).sort();
