import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listSounds } from '../src/list-sounds.js';
import { collecting } from './collecting.js';
import { tinySounds, wav } from './tiny-sounds.js';

let folder: string;
let sounds: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'list-sounds-'));
  sounds = await tinySounds(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const stdin = async function* (...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
};

describe('listSounds', () => {
  it('lists files and folders once, and reports the files of a folder that are left out', async () => {
    expect((await listSounds([sounds])).sounds).toHaveLength(11);
    const a = join(sounds, '0.wav');
    expect((await listSounds([a, sounds])).sounds.filter(({ path }) => path === a)).toHaveLength(1);
    await writeFile(join(sounds, 'song.mp3'), '');
    const reporter = collecting();
    await listSounds([sounds], { reporter });
    expect(reporter.warnings).toEqual([`${sounds}: 1 .mp3 file left out; convert it to .wav or .flac`]);
    await expect(listSounds([a, 'no-such.wav'])).rejects.toThrow('no-such.wav: no such file; check the path');
    await expect(listSounds([])).rejects.toThrow('no sounds');
  });

  it('takes paths from standard input', async () => {
    const [a, b] = [join(sounds, '0.wav'), join(sounds, '2.wav')];
    const listed = await listSounds([a, '-'], { stdin: stdin(`${b}\n`, `${a}\r\n`) });
    expect(listed.sounds.map(({ id }) => id)).toEqual([a, b]);
    await listed.close();
    const partly = await listSounds(['-'], { stdin: stdin(`no-such.wav\n${a}\n`) }); // it fails when its turn comes
    expect(partly.sounds.map(({ id }) => id)).toEqual(['no-such.wav', a]);
    await expect(listSounds(['-'], { stdin: stdin('no-such.wav\n') })).rejects.toThrow('no-such.wav: no such file');
    const other = listSounds(['-'], { stdin: stdin('OggS\0\x1b[2J', 'x'.repeat(200)) });
    await expect(other).rejects.toThrow(/^OggS\?\?\[2Jx+\.\.\.: no such file; expected a WAV or FLAC file or paths/);
    await expect(listSounds(['-'], { stdin: stdin('') })).rejects.toThrow('no sounds');
    for (const path of ['RIFFs.wav', 'ID3.wav', 'fLaC.wav']) {
      await expect(listSounds(['-'], { stdin: stdin(`${path}\n`) })).rejects.toThrow(`${path}: no such file`);
    }
  });

  it('takes a sound from standard input, and removes its copy when it is closed', async () => {
    const bytes = wav(1000);
    const sound = await listSounds(['-'], { stdin: stdin(bytes.slice(0, 100), bytes.slice(100)) });
    expect(sound.sounds[0]!.id).toBe('-');
    expect(new Uint8Array(await readFile(sound.sounds[0]!.path))).toEqual(new Uint8Array(bytes));
    await sound.close();
    expect(existsSync(sound.sounds[0]!.path)).toBe(false);
  });

  it('refuses - where no standard input is given', async () => {
    await expect(listSounds(['-'])).rejects.toThrow('the input - means standard input; give it as `stdin`');
  });
});
