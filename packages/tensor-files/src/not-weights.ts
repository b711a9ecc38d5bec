import type { ByteSource } from './byte-source.js';
import { clip } from './clip.js';

/** What a file is instead of a checkpoint, and what to do about it. */
type Kind = readonly [what: string, next: string];

const EXPORTED = 'take the checkpoint that it was made from, in PyTorch or safetensors';

/** Formats by the bytes that their files begin with. */
const formats: readonly (readonly [magic: string, what: string, next: string])[] = [
  ['1f8b', 'a file that gzip packed', 'unpack it (`gunzip`, or `tar xzf` for an archive) and give what comes out'],
  ['28b52ffd', 'a file that zstd packed', 'unpack it with `unzstd` and give what comes out'],
  ['fd377a585a00', 'a file that xz packed', 'unpack it with `unxz` and give what comes out'],
  ['425a68', 'a file that bzip2 packed', 'unpack it with `bunzip2` and give what comes out'],
  ['377abcaf271c', 'a 7-Zip archive', 'unpack it and give the checkpoint in it'],
  ['526172211a07', 'a RAR archive', 'unpack it and give the checkpoint in it'],
  ['47475546', 'a GGUF file (llama.cpp)', EXPORTED],
  ['894844460d0a1a0a', 'an HDF5 file (Keras, TensorFlow)', 'save the weights as safetensors in Python'],
  ['52494646', 'a sound (WAV)', 'the checkpoint stands before the sounds'],
  ['664c6143', 'a sound (FLAC)', 'the checkpoint stands before the sounds'],
  ['4f676753', 'a sound (Ogg)', 'the checkpoint stands before the sounds'],
  ['494433', 'a sound (MP3)', 'the checkpoint stands before the sounds'],
  ['25504446', 'a PDF document', 'give the checkpoint'],
  ['50415231', 'a Parquet file', 'give the checkpoint'],
];

const TEXT = 4096; // bytes of a text that are looked at
const JSON_LIMIT = 16 * 2 ** 20;

/**
 * Says in words what a file is that is no checkpoint: a Git LFS pointer, a web page, the answer of a server, an index of
 * shards, an archive, another program's format. Reads a few kilobytes of it.
 *
 * @param start its first bytes, 16 where there are as many
 */
export async function describeNotWeights(source: ByteSource, start: Uint8Array): Promise<string> {
  const [what, next] = await kindOf(source, start);
  return `expected a PyTorch checkpoint, safetensors or npy, got ${what}; ${next}`;
}

async function kindOf(source: ByteSource, start: Uint8Array): Promise<Kind> {
  const hex = [...start].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (source.size === 0) return ['an empty file', 'download or copy it again'];
  const known = formats.find(([magic]) => hex.startsWith(magic));
  if (known) return [known[1], known[2]];
  const ascii = (from: number, to: number): string => String.fromCharCode(...start.subarray(from, to));
  if (ascii(4, 8) === 'TFL3') return ['a TensorFlow Lite model', EXPORTED];
  // A message of protocol buffers whose first field is a small version and whose second is a string or a message.
  if (start[0] === 0x08 && start[1]! < 0x20 && (start[2] === 0x12 || start[2] === 0x1a || start[2] === 0x22))
    return ['a graph of ONNX or TensorFlow', EXPORTED];
  const head = await source.read(0, Math.min(source.size, TEXT));
  if (head.every((byte) => byte === 0)) return ['nothing but zeros', 'its download did not finish: download it again'];
  if (isText(head)) return await textKind(source, new TextDecoder().decode(head).trim());
  if (head.length > 262 && new TextDecoder().decode(head.subarray(257, 262)) === 'ustar')
    return ['a tar archive', 'unpack it and give the checkpoint in it'];
  return [`a file that begins with ${hex.slice(0, 16).replace(/..(?=.)/g, '$& ')}`, 'is it the whole file?'];
}

/** Whether bytes are the beginning of a text, such as no checkpoint has. */
export function isText(bytes: Uint8Array): boolean {
  if (bytes.some((byte) => (byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b) || byte === 0x7f))
    return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true }); // its last letter may be cut
    return true;
  } catch {
    return false;
  }
}

async function textKind(source: ByteSource, text: string): Promise<Kind> {
  if (text.startsWith('version https://git-lfs')) {
    const bytes = /^size (\d+)$/m.exec(text)?.[1];
    return [
      `a Git LFS pointer, which stands for a file${bytes === undefined ? '' : ` of ${bytes} bytes`}`,
      'run `git lfs pull` in its repository, or download the file itself',
    ];
  }
  if (/^(<!doctype html|<html|<head|<body|<script)/i.test(text)) {
    const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.trim();
    return [
      `a web page (HTML)${title ? `: '${brief(title)}'` : ''}`,
      'download the file itself; on the Hugging Face Hub its address has /resolve/ in it, not /blob/',
    ];
  }
  if (text.startsWith('<')) return [`an XML document that begins with '${brief(text)}'`, 'download the file itself'];
  if (/^[{[]/.test(text)) return await jsonKind(source, text);
  return [`a text: '${brief(text)}'`, 'it may be what a server answered; download the file itself'];
}

async function jsonKind(source: ByteSource, text: string): Promise<Kind> {
  const json = source.size <= JSON_LIMIT ? parsed(await source.read(0, source.size)) : undefined;
  if (json && 'weight_map' in json)
    return ['an index of shards', 'give its path, or the folder with the shards, to a function that takes paths'];
  const error = json?.['error'] ?? json?.['message'] ?? json?.['detail'];
  if (error !== undefined)
    return [
      `a JSON answer of a server: '${brief(typeof error === 'string' ? error : JSON.stringify(error))}'`,
      'download the file itself',
    ];
  if (json && ('model_type' in json || 'architectures' in json))
    return ['the JSON configuration of a model', 'give the file of its weights, which lies beside it'];
  return [`a JSON text that begins with '${brief(text)}'`, 'give the file of the weights'];
}

function parsed(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The start of a text on one line, without what a terminal would obey. */
function brief(text: string): string {
  return clip(
    text
      .slice(0, 80)
      .replace(/\p{Cc}+/gu, ' ')
      .trim(),
  );
}

/** What a zip without a pickle of PyTorch is, judged by the names in it. */
export function describeZip(names: readonly string[]): string {
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  const checkpoints = names.filter((name) => /\.(pt|pth|ckpt|safetensors)$/.test(name));
  if (has(/^([^/]+\/)?archive_format$/)) return 'it is a program of torch.export; save model.state_dict() instead';
  if (checkpoints.length > 0)
    return `it is an archive of checkpoints (${checkpoints.slice(0, 3).join(', ')}); unpack it and give one of them`;
  if (names.length > 0 && names.every((name) => name.endsWith('.npy')))
    return 'it is a NumPy archive (npz), whose arrays have no names that are known here; save them as safetensors instead';
  if (has(/\.weights\.h5$/)) return 'it is a Keras model; save its weights as safetensors instead';
  if (has(/^(.*\/)?(saved_model\.pb|.*\.onnx)$/)) return `it is an archive of an exported model; ${EXPORTED} instead`;
  if (has(/^AndroidManifest|^META-INF\/|^word\/|^xl\/|^ppt\//))
    return 'it is a program or a document; give a checkpoint instead';
  const some = names.slice(0, 3).map((name) => name.slice(0, 60));
  return `its zip has no data.pkl (it has ${some.join(', ') || 'nothing in it'}), so it is not a PyTorch checkpoint`;
}
