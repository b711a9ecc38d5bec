import { createServer, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  byteSource,
  openTensors,
  safetensorsChunks,
  urlSource,
  writeSafetensors,
  type ByteSource,
} from '../src/index.js';
import { openFile } from '../src/node.js';

const tensors = new Map([['w', { dtype: 'F32' as const, shape: [3], data: new Float32Array([1, 2, 3]) }]]);
const bytes = writeSafetensors(tensors, { step: '7' });

let server: Server;
let address = '';
let folder = '';
let asked: (string | undefined)[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-'));
  await writeFile(join(folder, 'a.safetensors'), bytes);
  server = createServer(({ url, method, headers: { range } }, answer) => {
    asked.push(range);
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(range ?? '') ?? [];
    if (url === '/missing') answer.writeHead(404).end();
    else if (method === 'HEAD') answer.writeHead(url === '/star' ? 200 : 405, { 'Content-Length': bytes.length }).end();
    else if (url === '/whole' || from === undefined) answer.end(bytes);
    else if (url === '/star' || url === '/hidden') {
      answer.writeHead(206, url === '/star' ? { 'Content-Range': `bytes ${from}-${to}/*` } : {});
      answer.end(bytes.subarray(Number(from), Number(to) + 1));
    } else {
      answer.writeHead(206, { 'Content-Range': `bytes ${from}-${to}/${bytes.length}` });
      answer.end(bytes.subarray(Number(from), Number(to) + 1));
    }
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

describe('a source of bytes', () => {
  const sources: [string, () => ByteSource | Promise<ByteSource>][] = [
    ['a file', () => openFile(join(folder, 'a.safetensors'))],
    ['a blob', () => byteSource(new Blob([new Uint8Array(bytes)]))],
    ['an array', () => byteSource(bytes)],
    ['a buffer', () => byteSource(new Uint8Array(bytes).buffer)],
    ['a server', () => urlSource(`${address}/ranges`)],
    ['a server that states the length to a HEAD request alone', () => urlSource(`${address}/star`)],
    ['a server that states no length', () => urlSource(`${address}/hidden`)],
    ['a server without ranges', () => urlSource(new URL(`${address}/whole`))],
  ];

  it.each(sources)('is %s', async (_, open) => {
    const source = await open();
    const file = await openTensors(source);
    expect(file.values.get('step')).toBe('7');
    expect((await file.read('w')).data).toEqual(new Float32Array([1, 2, 3]));
    await expect(file.read('v')).rejects.toThrow(/has no tensor 'v'; its 1 tensors are w/);
    await expect(source.read(bytes.length - 1, 2)).rejects.toThrow(/expected 2 bytes/);
    await expect(source.read(-1, 2)).rejects.toThrow(/expected 2 bytes from -1/);
    expect(await source.read(3, 0)).toHaveLength(0);
    await file.close();
  });

  it('fetches only what is asked for', async () => {
    asked = [];
    const file = await openTensors(await urlSource(`${address}/ranges`));
    await file.read('w');
    expect(asked).toEqual([
      'bytes=0-0',
      'bytes=0-15',
      'bytes=0-7',
      `bytes=8-${bytes.length - 13}`,
      `bytes=${bytes.length - 12}-${bytes.length - 1}`,
    ]);
  });

  it('says what is wrong with a path or an address', async () => {
    await expect(openFile(join(folder, 'none.pt'))).rejects.toThrow(/none\.pt: no such file/);
    await expect(openFile(folder)).rejects.toThrow(/expected a file, got a folder/);
    await expect(urlSource(`${address}/missing`)).rejects.toThrow(/missing: the server answers 404/);
  });
});

describe('safetensorsChunks', () => {
  it('writes the same bytes as writeSafetensors, piece by piece', async () => {
    const pending = new Map(
      [...tensors].map(([name, { data, ...rest }]) => [name, { ...rest, data: async () => data }]),
    );
    const chunks: Uint8Array[] = [];
    for await (const chunk of safetensorsChunks(pending, { step: '7' })) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    const short = new Map([['w', { dtype: 'F32' as const, shape: [4], data: async () => new Float32Array(3) }]]);
    await expect(async () => {
      for await (const chunk of safetensorsChunks(short)) expect(chunk).toBeDefined();
    }).rejects.toThrow("'w' of shape [4] needs 16 bytes, got 12");
  });
});
