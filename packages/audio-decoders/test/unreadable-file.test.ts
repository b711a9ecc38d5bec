import { expect, it, vi } from 'vitest';
import type { ByteReader } from '../src/audio-file.js';
import { openAudioFile } from '../src/node.js';

const close = vi.hoisted(() => vi.fn<() => void>());

// What a disk that fails does.
vi.mock('../src/node/file-reader.js', () => ({
  openFileReader: (): ByteReader => ({
    size: 1000,
    read: () => {
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    },
    close,
  }),
}));

it('closes a file whose first bytes cannot be read, and says why', async () => {
  await expect(openAudioFile('night.wav')).rejects.toMatchObject({ code: 'EIO' });
  expect(close).toHaveBeenCalled();
});
