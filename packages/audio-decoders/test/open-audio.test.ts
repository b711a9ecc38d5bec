import { describe, expect, it, vi } from 'vitest';
import { AudioError, decodeAudio, openAudio, type ByteReader } from '../src/index.js';
import { fixture } from './codec/open-fixture.js';
import { ascii, toW64, whole, writeAiff, writeAu, writeCaf } from './write-containers.js';
import { writeWav } from './write-wav.js';

const bytes = (text: string): Uint8Array => Uint8Array.from(text.padEnd(64, '\0'), (letter) => letter.charCodeAt(0));
const samples = Int16Array.from({ length: 5000 }, (_, i) => (i * 7919) % 32768);
const wav = writeWav(new Uint8Array(samples.buffer));

/** A reader that counts what is read. */
function counting(source: Uint8Array, size = source.length): ByteReader & { bytesRead: number; closed: number } {
  return {
    size,
    bytesRead: 0,
    closed: 0,
    read(position, target) {
      const found = source.subarray(position, position + target.length);
      target.set(found);
      this.bytesRead += target.length;
      return size === source.length ? found.length : target.length; // behind the source: zeros
    },
    close() {
      this.closed++;
    },
  };
}

describe('openAudio', () => {
  const expected = Float32Array.from(samples, (value) => value / 2 ** 15);

  it('reads bytes, buffers, blobs and readers alike', async () => {
    for (const source of [wav, wav.buffer.slice(0) as ArrayBuffer, new Blob([wav.slice()]), counting(wav)]) {
      const sound = await openAudio(source);
      expect({ ...sound, read: 0, close: 0, damage: sound.damage }).toEqual({
        ...{ sampleRate: 16000, channels: 1, frames: 5000, format: 'WAV (16-bit PCM)', damage: undefined },
        ...{ read: 0, close: 0 },
      });
      expect(await sound.read(0, 10_000)).toEqual([expected]);
      sound.close();
    }
  });

  it('reads parts of a blob in a worker, and no more', async () => {
    const asked: number[] = [];
    class FileReaderSync {
      readAsArrayBuffer({ at, length }: { at: number; length: number }): ArrayBuffer {
        asked.push(length);
        return wav.slice(at, at + length).buffer;
      }
    }
    const blob = Object.assign(Object.create(Blob.prototype) as Blob, {
      slice: (at: number, end: number) => ({ at, length: Math.min(end, wav.length) - at }) as unknown as Blob,
    });
    Object.defineProperty(blob, 'size', { value: wav.length });
    Object.assign(globalThis, { FileReaderSync });
    try {
      const sound = await openAudio(blob);
      expect(await sound.read(4000, 3)).toEqual([expected.slice(4000, 4003)]);
      expect(asked.length).toBeLessThanOrEqual(2);
    } finally {
      delete (globalThis as { FileReaderSync?: unknown }).FileReaderSync;
    }
  });

  it('gives any stretch as the whole has it, in arrays of its own', async () => {
    const sound = await openAudio(wav);
    for (const [start, count] of [
      [0, 1],
      [1234, 777],
      [4999, 5],
      [5000, 5],
      [9000, 5],
      [17, 0],
    ] as const) {
      // prettier-ignore
      const part = await sound.read(start, count);
      expect(part).toEqual([expected.slice(start, start + count)]);
      part[0]!.fill(9);
    }
    expect(await sound.read(0, 5000)).toEqual([expected]);
    await expect(sound.read(-1, 5)).rejects.toThrow('whole numbers from 0');
    await expect(sound.read(0, 0.5)).rejects.toThrow('whole numbers from 0');
  });

  it('reads 6 s at one hour of two hours in little more than their bytes', async () => {
    const seconds = 7200;
    const data = seconds * 44100 * 4;
    const head = writeWav(new Uint8Array(0), { channels: 2, sampleRate: 44100, dataLength: data });
    const reader = counting(head, head.length + data);
    const sound = await openAudio(reader);
    const part = await sound.read(3600 * 44100, 6 * 44100);
    expect(part[0]).toHaveLength(6 * 44100);
    expect(reader.bytesRead).toBeLessThan(6 * 44100 * 4 + 10_000);
    expect(sound.frames).toBe(seconds * 44100);
    sound.close();
    expect(reader.closed).toBe(1);
  });

  it.each(['flac.oga', 'opus.opus', 'aac.m4a', 'lame.mp3', 'pcm24.mka'])(
    'closes the reader of %s once',
    async (name) => {
      const reader = counting(fixture(name));
      const sound = await openAudio(reader);
      await sound.read(0, 10);
      sound.close();
      expect(reader.closed).toBe(1);
    },
  );

  it('closes the reader of what it refuses', async () => {
    const reader = counting(bytes('<html>'));
    await expect(openAudio(reader)).rejects.toThrow('HTML');
    expect(reader.closed).toBe(1);
  });

  it('reads nothing after close, and tells so; closing twice closes once', async () => {
    const reader = counting(wav);
    const sound = await openAudio(reader);
    const meanwhile = sound.read(0, 10).catch((error: unknown) => error);
    sound.close();
    sound.close();
    expect(reader.closed).toBe(1);
    expect(String(await meanwhile)).toContain('got one that was closed; open it again');
    await expect(sound.read(0, 10)).rejects.toThrow('got one that was closed; open it again');
  });

  it('says that a file was changed while it was read', async () => {
    let length = wav.length;
    const sound = await openAudio({ size: wav.length, read: (at, target) => {
      const found = wav.subarray(at, Math.min(length, at + target.length));
      target.set(found);
      return found.length;
    } }); // prettier-ignore
    length = 2000;
    await expect(sound.read(0, 5000)).rejects.toThrow('it was changed while it was read');
  });

  it('checks the samples of every part, and names their place in the whole', async () => {
    const floats = new Float32Array(1000);
    floats[700] = NaN;
    const sound = await openAudio(writeWav(new Uint8Array(floats.buffer), { tag: 3, bits: 32 }));
    await sound.read(0, 700);
    await expect(sound.read(650, 100)).rejects.toThrow('got NaN in channel 0 at sample 700');
    await expect(sound.read(650, 100)).rejects.toMatchObject({ name: 'AudioError', problem: 'damaged' });
  });
});

describe('arguments of another kind', () => {
  it.each([
    ['a.mp3', 'a text'],
    [undefined, 'Undefined'],
    [null, 'Null'],
    [new DataView(new ArrayBuffer(4)), 'DataView'],
    [new Uint16Array(4), 'Uint16Array'],
    [[1, 2], 'Array'],
  ])('%s is refused in words', async (source, got) => {
    const opened = openAudio(source as unknown as Uint8Array);
    await expect(opened).rejects.toThrow(`a reader of bytes, got ${got}; the path of a file is for openAudioFile`);
  });

  it('a misspelt option is refused, not taken for the default', async () => {
    const opened = openAudio(new Uint8Array(4), { damaged: 'kep' as 'keep' });
    await expect(opened).rejects.toThrow("expected `damaged` to be 'refuse' or 'keep', got \"kep\"");
  });
});

describe('decodeAudio', () => {
  it('refuses what memory cannot hold, and points to openAudio', async () => {
    const data = 42e9;
    const head = writeWav(new Uint8Array(0), { dataLength: 0xffffffff });
    await expect(decodeAudio(counting(head, head.length + data))).rejects.toMatchObject({ problem: 'too large' });
    await expect(decodeAudio(counting(head, head.length + data))).rejects.toThrow(
      '21000000000 samples of 1 channels (364.6 hours) in a file of WAV (16-bit PCM); use openAudio',
    );
  });

  it('allocates by what is there, not by what a header says', async () => {
    const claims = [
      writeWav(new Uint8Array(100), { channels: 2, dataLength: 1_900_000_000 }),
      writeAiff(new Array<number>(100).fill(0), undefined, { declared: 2e9, frames: 1e9 }),
      writeAu(new Array<number>(100).fill(0), 3, { declared: 4e9 }),
      writeCaf(new Array<number>(100).fill(0), { bits: 16, packet: 2 }, { declared: 2 ** 50 }),
      toW64(writeWav(new Uint8Array(100)), 2 ** 50),
    ];
    // Counted where it is asked for: what a process holds depends on when V8 collects.
    let asked = 0;
    const construct = (kind: typeof Uint8Array | typeof Float32Array, args: [number]): object => {
      if (typeof args[0] === 'number') asked += args[0] * kind.BYTES_PER_ELEMENT;
      return new kind(...args);
    };
    for (const kind of [Uint8Array, Float32Array]) vi.stubGlobal(kind.name, new Proxy(kind, { construct }));
    try {
      for (const claim of claims) {
        await expect(decodeAudio(claim)).rejects.toMatchObject({ problem: 'truncated' });
        expect((await decodeAudio(claim, { damaged: 'keep' })).channels[0]!.length).toBeLessThanOrEqual(50);
      }
    } finally {
      vi.unstubAllGlobals();
    }
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(1e6);
  });

  it('skips ID3v2 tags before a file of any kind, and does not mind one behind', async () => {
    const tag = [...ascii('ID3'), 4, 0, 0x10, 0, 0, 1, 72, ...new Array<number>(200 + 10).fill(0)]; // with a footer
    const data = new Array<number>(32).fill(1);
    const files = [wav, writeAiff(data, undefined), writeAu(data, 3), writeCaf(data, { bits: 16, packet: 2 })];
    for (const file of files) {
      const plain = await decodeAudio(file);
      expect(await decodeAudio(Uint8Array.from([...tag, ...file]))).toEqual(plain);
      expect(await decodeAudio(Uint8Array.from([...tag, ...tag, ...file]))).toEqual(plain);
    }
    const open = writeWav(wav.slice(44), { dataLength: 0xffffffff });
    const behind = [...ascii('TAG'), ...new Array<number>(125).fill(0x41)];
    expect(await decodeAudio(Uint8Array.from([...wav, ...behind]))).toEqual(await decodeAudio(wav));
    expect(await decodeAudio(Uint8Array.from([...open, ...behind]))).toEqual(await decodeAudio(wav));
  });
});

describe('what is no sound', () => {
  it.each([
    ['RIFF\0\0\0\0WEBP', 'an image (WebP)'],
    ['RIFF\0\0\0\0RMID', 'MIDI; it holds notes'],
    ['RIFF\0\0\0\0abcd', 'a RIFF file that is not WAV'],
    ['MThd\0\0\0\x06', 'MIDI'],
    ['version https://git-lfs.github.com/spec/v1', 'a Git LFS pointer; run `git lfs pull`'],
    ['<!DOCTYPE html>', 'a web page (HTML)'],
    ['\xef\xbb\xbf\n <html lang="en">', 'a web page (HTML)'],
    ['<?xml version="1.0"?>', 'XML'],
    ['{"error": "not found"}', 'JSON'],
    ['[{"id": 1}]', 'JSON'],
    ['PK\x03\x04', 'a zip archive; unpack it'],
    ['\x1f\x8b\x08', 'a gzip archive'],
    ['\x89PNG\r\n', 'an image (PNG)'],
    ['\xff\xd8\xff\xe0', 'an image (JPEG)'],
    ['%PDF-1.7', 'a PDF'],
    ['\x93NUMPY', 'a NumPy array'],
    ['\x00\x05\x16\x07', 'a resource fork of macOS'],
    ['\x01\x02\x03\x04', 'an unknown format (first bytes 01 02 03 04)'],
    ['\0', 'an unknown format (first bytes 00 00 00 00)'],
    ['RI', 'an unknown format (first bytes 52 49 00 00)'],
    ['\xff\xfe\xfd\xfc', 'text (UTF-16)'],
  ])('is named: %j', async (start, name) => {
    await expect(decodeAudio(bytes(start))).rejects.toThrow(`openAudio: expected a sound file, got ${name}`);
    await expect(decodeAudio(bytes(start))).rejects.toMatchObject({ problem: 'not audio' });
  });

  it('is text, whole or cut inside a letter', async () => {
    const text = new TextEncoder().encode('name,fold\né.wav,1\n'.repeat(40));
    await expect(decodeAudio(text)).rejects.toThrow('got text;');
    await expect(decodeAudio(text.subarray(0, 12))).rejects.toThrow('got text;'); // the second byte of é is missing
  });

  it.each([
    ['#!AMR\n', 'AMR'],
    ['\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9', 'Windows Media (WMA)'],
    ['wvpk', 'WavPack'],
    ['RIFF\0\0\0\0AVI ', 'a video (AVI)'],
    ['NIST_1A\n', 'NIST SPHERE'],
  ])('or is sound that is not read here: %j', async (start, name) => {
    await expect(decodeAudio(bytes(start))).rejects.toThrow(
      `expected a format that is read here, got ${name}; convert`,
    );
    await expect(decodeAudio(bytes(start))).rejects.toMatchObject({ problem: 'unsupported', format: name });
  });

  it('refuses an empty file, and files shorter than any signature', async () => {
    await expect(decodeAudio(new Uint8Array(0))).rejects.toThrow('got 0 bytes; the file is empty');
    await expect(decodeAudio(Uint8Array.of(0x52))).rejects.toThrow('an unknown format (first bytes 52)');
    await expect(decodeAudio(bytes('ID3').subarray(0, 3))).rejects.toThrow('unknown format');
    await expect(decodeAudio(Uint8Array.from([...ascii('ID3'), 3, 0, 0, ...whole(0, 4, true)]))).rejects.toThrow(
      AudioError,
    );
  });
});
