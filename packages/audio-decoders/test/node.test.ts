import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { openAudioFile } from '../src/node.js';
import { openFileReader } from '../src/node/file-reader.js';
import { hasProgram } from './has-program.js';
import { writeWav } from './write-wav.js';

const folder = mkdtempSync(join(tmpdir(), 'audio-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const samples = Int16Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 32768);

describe('openAudioFile', () => {
  it('reads parts of a file, and closes it', async () => {
    writeFileSync(at('a.wav'), writeWav(new Uint8Array(samples.buffer)));
    const sound = await openAudioFile(at('a.wav'));
    expect(await sound.read(40_000, 3)).toEqual([Float32Array.from(samples.slice(40_000, 40_003), (v) => v / 32768)]);
    truncateSync(at('a.wav'), 1000);
    await expect(sound.read(0, 50_000)).rejects.toMatchObject({ problem: 'truncated' });
    sound.close();
    sound.close();
    await expect(sound.read(0, 50_000)).rejects.toThrow('expected an open sound, got one that was closed');
  });

  it('refuses folders, pipes, sockets and devices in words, and waits for none of them', async () => {
    mkdirSync(at('folder.wav'));
    await expect(openAudioFile(at('folder.wav'))).rejects.toThrow('openAudioFile: expected a file, got a folder');
    if (process.platform === 'win32') return;
    execFileSync('mkfifo', [at('pipe.wav')]);
    await expect(openAudioFile(at('pipe.wav'))).rejects.toThrow('got a pipe');
    await expect(openAudioFile('/dev/zero')).rejects.toThrow('got a device');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at('socket.wav'), resolve));
    await expect(openAudioFile(at('socket.wav'))).rejects.toThrow('got a socket');
    server.close();
  });

  it('reads no other file that the system gave the same number after close', () => {
    writeFileSync(at('one'), 'one');
    writeFileSync(at('two'), 'two');
    const reader = openFileReader(at('one'));
    reader.close!();
    const other = openFileReader(at('two'));
    expect(() => reader.read(0, new Uint8Array(3))).toThrow('expected an open file, got one that was closed');
    other.close!();
  });

  it('passes on why a file cannot be opened', async () => {
    await expect(openAudioFile(at('nothing.wav'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('says that an ffmpeg would read a format, where it is turned off or not there', async () => {
    writeFileSync(at('a.amr'), '#!AMR\nabcdefgh');
    await expect(openAudioFile(at('a.amr'), { ffmpeg: false })).rejects.toThrow(
      'AMR; convert it to FLAC or WAV, or let a system ffmpeg read it, which `ffmpeg` turned off',
    );
    const { PATH } = process.env;
    process.env['PATH'] = folder;
    try {
      await expect(openAudioFile(at('a.amr'))).rejects.toThrow('AMR; convert it to FLAC or WAV, or install ffmpeg');
    } finally {
      process.env['PATH'] = PATH;
    }
  });
});

describe.skipIf(!hasProgram('ffmpeg'))('openAudioFile through ffmpeg (skipped where there is none)', () => {
  const wma = at('tone.wma');
  const ffmpeg = (...args: string[]): Buffer =>
    execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], { maxBuffer: 2 ** 28 });
  const make = (path: string, ...args: string[]): Buffer =>
    ffmpeg('-f', 'lavfi', '-i', 'sine=440:duration=10:sample_rate=16000', '-ac', '2', ...args, `file:${path}`);
  const reference = (path: string): Float32Array => {
    const bytes = ffmpeg('-i', `file:${path}`, '-f', 'f32le', '-');
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  };

  it('reads WMA as ffmpeg does, in parts in any order', async () => {
    make(wma);
    const all = reference(wma);
    const sound = await openAudioFile(wma);
    expect([sound.format, sound.sampleRate, sound.channels]).toEqual([
      'Windows Media (WMA) (through ffmpeg)',
      16000,
      2,
    ]);
    for (const [start, count] of [
      [0, 100],
      [50_000, 70_000],
      [1000, 10],
      [1010, 10],
      [159_700, 1000],
      [1e9, 5],
    ] as const) {
      // prettier-ignore
      const part = await sound.read(start, count);
      const expected = [0, 1].map((c) => all.filter((_, i) => i % 2 === c).slice(start, start + count));
      expect(part).toEqual(expected);
    }
    sound.close();
    sound.close();
    await expect(sound.read(0, 1)).rejects.toThrow('closed');
  });

  it('takes no name for an option, an address or a list', async () => {
    const names = ['-x.wma', 'concat:a|b.wma', 'http:\\\\x.wma', 'a %d ?#;$(touch x) "\'.wma', 'caf\u00e9 \n.wma'];
    const before = process.cwd();
    process.chdir(folder);
    try {
      for (const name of names) {
        execFileSync('cp', ['--', wma, name]);
        const sound = await openAudioFile(name);
        expect((await sound.read(0, 10))[0]).toHaveLength(10);
        sound.close();
      }
    } finally {
      process.chdir(before);
    }
  });

  it.each([
    ['wma', []],
    ['wv', []],
    ['tta', []],
    ['wav', ['-ar', '8000', '-ac', '1', '-c:a', 'g726']],
  ] as const)('refuses .%s that is cut, with the seconds, or keeps it', async (extension, how) => {
    const path = at(`cut.${extension}`);
    make(path, ...how);
    const whole = await openAudioFile(path);
    expect((await whole.read(0, 1e6))[0]!.length / whole.sampleRate).toBeCloseTo(10, 0);
    whole.close();
    truncateSync(path, Math.floor(0.4 * statSync(path).size));
    const sound = await openAudioFile(path);
    await expect(sound.read(0, 1e6)).rejects.toMatchObject({ problem: 'truncated' });
    sound.close();
    const kept = await openAudioFile(path, { damaged: 'keep' });
    const [left] = await kept.read(0, 1e6);
    expect(left!.length / kept.sampleRate).toBeGreaterThan(2);
    expect(kept.damage).toMatch(/^[67]\.\d s of 10\.\d s are missing/);
    kept.close();
  });

  it('reads codings that WAV holds beside PCM', async () => {
    make(at('g726.wav'), '-ar', '8000', '-ac', '1', '-c:a', 'g726');
    const sound = await openAudioFile(at('g726.wav'));
    expect(sound.format).toBe('WAV (G.726 ADPCM) (through ffmpeg)');
    expect((await sound.read(0, 1e6))[0]).toEqual(reference(at('g726.wav')));
    sound.close();
  });

  it('says the first reason where ffmpeg finds no sound either', async () => {
    writeFileSync(
      at('noise.wma'),
      Uint8Array.from([0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, ...new Array<number>(500).fill(7)]),
    );
    const said = openAudioFile(at('noise.wma'));
    await expect(said).rejects.toThrow(
      'got Windows Media (WMA); convert it to FLAC or WAV, a system ffmpeg could not read it',
    );
    await expect(said).rejects.toMatchObject({ problem: 'unsupported' });
  });

  it('ends ffmpeg on close', async () => {
    const running = (): string => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    make(at('long.wma'), '-t', '10');
    const sound = await openAudioFile(at('long.wma'));
    await sound.read(0, 10);
    expect(running()).toContain('long.wma');
    sound.close();
    await expect.poll(running).not.toContain('long.wma');
  });
});

describe.skipIf(process.platform === 'win32')('an ffmpeg that fails', () => {
  const { PATH } = process.env;
  const amr = at('fails.amr');
  afterEach(() => {
    process.env['PATH'] = PATH;
    vi.useRealTimers();
  });

  /** Puts a program before ffmpeg that writes 1000 samples of 8 kHz and then does as `ending` says. */
  function fakeFfmpeg(ending: string): void {
    const header = [0x2e736e64, 24, 0xffffffff, 6, 8000, 1].flatMap((field) =>
      [24, 16, 8, 0].map((shift) => `\\${((field >>> shift) & 255).toString(8).padStart(3, '0')}`),
    );
    const lines = ['#!/bin/sh', 'ulimit -c 0', `printf '${header.join('')}'`, 'head -c 4000 /dev/zero', ending];
    writeFileSync(at('ffmpeg'), `${lines.join('\n')}\n`, { mode: 0o755 });
    process.env['PATH'] = `${folder}:${PATH}`;
    writeFileSync(amr, '#!AMR\nabcdefgh');
  }

  it('is not taken for the end of the sound when a signal ends it', async () => {
    fakeFfmpeg('kill -SEGV $$');
    const sound = await openAudioFile(amr);
    await expect(sound.read(0, 2000)).rejects.toMatchObject({ problem: 'damaged' });
    await expect(sound.read(0, 2000)).rejects.toThrow('got "ended by SIGSEGV" from ffmpeg after 0.1 s');
    sound.close();
    const kept = await openAudioFile(amr, { damaged: 'keep' });
    expect((await kept.read(0, 2000))[0]).toHaveLength(1000);
    expect(kept.damage).toBe('ffmpeg said "ended by SIGSEGV" after 0.1 s');
    kept.close();
  });

  it('is asked again after it took too long, in place of giving nothing', async () => {
    fakeFfmpeg('exec sleep 60');
    const sound = await openAudioFile(amr);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    for (let times = 0; times < 2; times++) {
      let settled = false;
      const read = sound
        .read(1500, 10)
        .catch((error: unknown) => error)
        .finally(() => (settled = true));
      while (!settled) {
        await new Promise((resolve) => setImmediate(resolve));
        vi.advanceTimersByTime(100);
      }
      expect(await read).toMatchObject({
        message: expect.stringContaining('samples from ffmpeg within 30 s') as string,
      });
    }
    sound.close();
  });
});
