import { gzipSync, zipSync } from 'fflate';
import { expect, it } from 'vitest';
import { byteSource, openTensors } from '../src/index.js';

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const start = (...bytes: (number | string)[]): Uint8Array => {
  const file = new Uint8Array(64);
  file.set(bytes.flatMap((byte) => (typeof byte === 'string' ? [...text(byte)] : [byte])));
  return file;
};
const tar = new Uint8Array(1024);
tar.set([1, 2], 200);
tar.set(text('ustar'), 257);

it.each<[string, Uint8Array, RegExp]>([
  [
    'a Git LFS pointer',
    text('version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 343000000\n'),
    /a Git LFS pointer, which stands for a file of 343000000 bytes; run `git lfs pull`/,
  ],
  [
    'a web page',
    text('\n<!DOCTYPE html><html><head><title>Sign in</title>'),
    /a web page \(HTML\): 'Sign in'; download/,
  ],
  ['XML', text('<?xml version="1.0"?><Error><Code>AccessDenied'), /an XML document .*AccessDenied/],
  [
    'the answer of a server',
    text('{"error":"Repository not found"}'),
    /a JSON answer of a server: 'Repository not found'/,
  ],
  ['an answer with more', text('{"message":{"a":1}}'), /a JSON answer of a server: '\{"a":1\}'/],
  ['a configuration', text('{"model_type":"m2d"}'), /the JSON configuration of a model; give the file of its weights/],
  ['an index of shards', text('{"weight_map":{"a":"b.safetensors"}}'), /an index of shards; give its path/],
  ['other JSON', text('[1, 2'), /a JSON text that begins with '\[1, 2'/],
  ['JSON with a brace where safetensors has one', text('{"a": 1,{'), /a JSON text/],
  ['a text', text('Invalid username or password.'), /a text: 'Invalid username or password\.'/],
  ['a text with what terminals obey', text('no \u001b[2J file'), /a text: 'no \P{Cc}*file'/u],
  ['gzip', gzipSync(text('abc')), /a file that gzip packed; unpack it/],
  ['zstd', start(0x28, 0xb5, 0x2f, 0xfd), /a file that zstd packed/],
  ['tar', tar, /a tar archive; unpack it/],
  ['GGUF', start('GGUF'), /a GGUF file/],
  ['HDF5', start(0x89, 'HDF\r\n', 0x1a, '\n'), /an HDF5 file \(Keras, TensorFlow\)/],
  ['ONNX', start(0x08, 0x07, 0x12, 0x07, 'pytorch'), /a graph of ONNX or TensorFlow; take the checkpoint/],
  ['TensorFlow Lite', start(0x1c, 0, 0, 0, 'TFL3'), /a TensorFlow Lite model/],
  ['a sound', start('RIFF', 0, 0, 0, 0, 'WAVE'), /a sound \(WAV\); the checkpoint stands before the sounds/],
  ['zeros', new Uint8Array(5000), /nothing but zeros; its download did not finish/],
  ['nothing', new Uint8Array(0), /an empty file/],
  ['something else', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), /begins with 01 02 03 04 05 06 07 08; is it the whole/],
  ['npz', zipSync({ 'a.npy': text('x'), 'b.npy': text('y') }), /it is a NumPy archive \(npz\)/],
  ['a Keras model', zipSync({ 'config.json': text('{}'), 'model.weights.h5': text('x') }), /it is a Keras model/],
  ['a saved model', zipSync({ 'm/saved_model.pb': text('x') }), /an archive of an exported model/],
  [
    'an archive of checkpoints',
    zipSync({ 'm/a.ckpt': text('x') }),
    /an archive of checkpoints \(m\/a\.ckpt\); unpack it/,
  ],
  [
    'torch.export',
    zipSync({ 'm/archive_format': text('pt2'), 'm/data/x.pt': text('x') }),
    /a program of torch\.export/,
  ],
  ['another zip', zipSync({ 'photo.jpg': text('x') }), /no data\.pkl \(it has photo\.jpg\)/],
])('what is not the weights is named: %s', async (_, bytes, message) => {
  const { message: found } = (await openTensors(byteSource(bytes, 'x.pt')).catch((error: unknown) => error)) as Error;
  expect(found).toMatch(/^openTensors: x\.pt: /);
  expect(found).toMatch(message);
  expect(found.length).toBeLessThan(600);
});
