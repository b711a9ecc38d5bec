/**
 * Something that bytes can be read from at any place: what the readers of checkpoints stream from, so that a large file
 * is never in memory as a whole. In Node, `openFile` of `@audio-ssl/tensor-files/node` makes one from a path.
 */
export interface ByteSource {
  /** Used in error messages: a path or an address. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** The `length` bytes from `offset` on; rejects when some are missing. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Closes the file or whatever the bytes come from. */
  close(): Promise<void>;
}

/** Refuses a range that is not inside a source, before anything is allocated for it. */
export function requireRange({ name, size }: Pick<ByteSource, 'name' | 'size'>, offset: number, length: number): void {
  if (Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0) {
    if (offset + length <= size) return;
  }
  throw new Error(
    `read: ${name}: expected ${length} bytes from ${offset} on, the file has ${size}; it is damaged or was cut short`,
  );
}

/**
 * A source from bytes in memory, or from a `Blob` such as a file that a visitor of a page has chosen.
 *
 * @param name used in error messages.
 * @example
 * const source = byteSource(input.files[0]); // in a page
 */
export function byteSource(data: Uint8Array | ArrayBuffer | Blob, name?: string): ByteSource {
  if (data instanceof Blob) {
    const range = { name: name ?? (data as Blob & { name?: string }).name ?? 'the blob', size: data.size };
    return {
      ...range,
      read: async (offset, length) => {
        requireRange(range, offset, length);
        return new Uint8Array(await data.slice(offset, offset + length).arrayBuffer());
      },
      close: async () => {},
    };
  }
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  const range = { name: name ?? 'the bytes', size: bytes.length };
  return {
    ...range,
    read: async (offset, length) => {
      requireRange(range, offset, length);
      // A copy, so that it is aligned and nobody can change the original (`slice` of a Node Buffer is a view).
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
    close: async () => {},
  };
}

/**
 * A source that reads ranges of a file on a web server; where the server does not serve ranges, the file is fetched once
 * as a whole.
 *
 * @throws Error naming the address when it can't be fetched.
 * @example
 * const source = await urlSource('https://example.org/encoder.safetensors');
 */
export async function urlSource(url: string | URL): Promise<ByteSource> {
  const name = String(url);
  const get = async (range?: string, method = 'GET'): Promise<Response> => {
    const answer = await fetch(name, { method, ...(range !== undefined && { headers: { Range: range } }) });
    if (!answer.ok) throw new Error(`urlSource: ${name}: the server answers ${answer.status}; check the address`);
    return answer;
  };
  const first = await get('bytes=0-0');
  const probe = await first.arrayBuffer();
  if (first.status !== 206) return byteSource(probe, name);
  // A server may state no total, or show a page of another site only the length of the whole.
  const total = /\/(\d+)$/.exec(first.headers.get('Content-Range') ?? '')?.[1];
  const head = total === undefined ? await get(undefined, 'HEAD').catch(() => undefined) : undefined;
  const size = Number(total ?? head?.headers.get('Content-Length') ?? Number.NaN);
  if (!Number.isSafeInteger(size)) return byteSource(await (await get()).arrayBuffer(), name);
  const range = { name, size };
  return {
    ...range,
    read: async (offset, length) => {
      requireRange(range, offset, length);
      if (length === 0) return new Uint8Array(0);
      const bytes = new Uint8Array(await (await get(`bytes=${offset}-${offset + length - 1}`)).arrayBuffer());
      if (bytes.length !== length) {
        throw new Error(`urlSource: ${name}: asked for ${length} bytes from ${offset} on, got ${bytes.length}`);
      }
      return bytes;
    },
    close: async () => {},
  };
}
