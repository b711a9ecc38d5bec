import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import yauzl from 'yauzl';
import { SetupProblem } from './setup-problem.js';

/** Progress is reported every so many bytes. */
const STEP = 4e6;

/**
 * Takes the files whose path matches out of a wheel, checks each against the SHA-256 in the wheel's own `RECORD`, and
 * returns their paths inside the wheel. A wheel is a zip file (PyPA, "Binary distribution format").
 */
export async function unpackWheel(
  path: string,
  files: RegExp,
  folder: string,
  {
    onBytes,
    signal,
  }: { readonly onBytes: (bytes: number, total: number) => void; readonly signal?: AbortSignal | undefined },
): Promise<readonly string[]> {
  const damaged = (what: string): SetupProblem =>
    new SetupProblem('wheel', `the wheel is damaged: ${what}`, 'run `setupNative` again to download it anew');
  let zip: yauzl.ZipFile;
  try {
    zip = await yauzl.openPromise(path, { autoClose: false });
  } catch (error) {
    throw damaged((error as Error).message);
  }
  try {
    const wanted: yauzl.Entry[] = [];
    let record: yauzl.Entry | undefined;
    for await (const entry of zip.eachEntry()) {
      if (files.test(entry.fileName)) wanted.push(entry);
      if (/^[^/]+\.dist-info\/RECORD$/.test(entry.fileName)) record = entry;
    }
    if (!record || wanted.length === 0)
      throw damaged(record ? 'it has none of the files that were looked for' : 'it has no RECORD');
    const hashes = readRecord(await text(await zip.openReadStreamPromise(record)));
    const total = wanted.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
    let done = 0;
    let said = 0;
    for (const entry of wanted) {
      const target = join(folder, entry.fileName); // yauzl refuses names that lead out of the folder
      await mkdir(dirname(target), { recursive: true });
      const hash = createHash('sha256');
      const watch = new Transform({
        transform(chunk: Buffer, _encoding, next): void {
          hash.update(chunk);
          done += chunk.length;
          if (done >= said + STEP || done === total) onBytes((said = done), total);
          next(null, chunk);
        },
      });
      const packed = await zip.openReadStreamPromise(entry, { decodeFileData: false });
      const mode = /\/bin\//.test(entry.fileName) ? 0o755 : 0o644;
      // Each chunk takes a few turns through the thread pool: in yauzl's own 16 kB a gigabyte takes minutes on a busy machine.
      const unpack = entry.compressionMethod === 0 ? new PassThrough() : createInflateRaw({ chunkSize: 2 ** 20 });
      await pipeline(
        packed,
        unpack,
        watch,
        createWriteStream(target, { mode, highWaterMark: 2 ** 22 }),
        signal === undefined ? {} : { signal },
      );
      const [actual, expected] = [hash.digest('base64url'), hashes.get(entry.fileName)];
      if (actual !== expected)
        throw damaged(`${entry.fileName} has SHA-256 ${actual}, its RECORD says ${expected ?? 'nothing'}`);
    }
    return wanted.map((entry) => entry.fileName);
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    if (error instanceof SetupProblem || code?.startsWith('E') || name === 'AbortError') throw error;
    throw damaged((error as Error).message); // yauzl and zlib: broken structure or data
  } finally {
    zip.close();
  }
}

/** Lines of `path,sha256=<base64url without padding>,size`; a path with a comma is quoted. */
function readRecord(record: string): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const line of record.split(/\r?\n/)) {
    const match = /^(?:"((?:[^"]|"")*)"|([^,]*)),sha256=([^,]+),/.exec(line);
    if (match) hashes.set(match[1]?.replaceAll('""', '"') ?? match[2]!, match[3]!);
  }
  return hashes;
}
