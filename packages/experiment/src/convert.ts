import { convertCheckpoint, type ConversionRow, type Naming } from '@audio-ssl/pretrained';
import { pytorchChunks, safetensorsChunks } from '@audio-ssl/tensor-files';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openCheckpoint } from './open-model.js';
import { cannotWrite, requireWritableFile } from './run-directory.js';
import { InputError } from './input-error.js';

/** What {@link convert} is asked for. */
export interface ConvertOptions {
  /** A checkpoint file of any family, or the folder of a run, of which the last checkpoint is taken. */
  readonly from: string;
  /** The file to write: `.safetensors`, or `.pt` or `.pth` for PyTorch. */
  readonly to: string;
  /** Whose names: by default ours in safetensors, the authors' in PyTorch checkpoints. */
  readonly names?: Naming | undefined;
  readonly encoderOnly?: boolean | undefined;
  /** Attention heads, for the metadata. */
  readonly heads?: number | undefined;
}

/** What {@link convert} did. */
export interface Converted {
  /** What the source was recognised as. */
  readonly family: string;
  readonly names: Naming;
  readonly rows: readonly ConversionRow[];
}

/** Converts a checkpoint, tensor by tensor; the name of the result holds the old content or all of the new. */
export async function convert({ from, to, names, encoderOnly, heads }: ConvertOptions): Promise<Converted> {
  const type = extname(to);
  if (!['.safetensors', '.pt', '.pth'].includes(type))
    throw new InputError(`${to}: expected a name that ends in .safetensors, .pt or .pth`, 'option');
  const naming = names ?? (type === '.safetensors' ? 'audio-ssl' : 'matpac');
  await requireWritableFile(to, '<to>');
  const file = await openCheckpoint(from);
  const partial = `${to}.partial`;
  try {
    const { tensors, dictionaries, metadata, rows, family } = await convertCheckpoint(file, naming, {
      encoderOnly,
      numHeads: heads,
    });
    const chunks =
      type === '.safetensors'
        ? safetensorsChunks(tensors, metadata)
        : pytorchChunks(tensors, { dictionaries, metadata });
    await mkdir(dirname(to), { recursive: true });
    await pipeline(chunks, createWriteStream(partial));
    await rename(partial, to);
    return { family, names: naming, rows };
  } catch (error) {
    throw cannotWrite(to, error);
  } finally {
    await rm(partial, { force: true });
    await file.close();
  }
}

/** The table of a conversion: what was mapped, computed, is missing or left over; the blocks of a stack in one line. */
export function conversionTable({ family, names, rows }: Converted): string {
  const lines = new Map<string, { cells: string[]; count: number }>();
  for (const { from, to, shape, what } of rows) {
    const cells = [from ?? '', to ?? '', `[${shape.join(', ')}]`, what].map((cell) => cell.replace(/\.\d+\./g, '.*.'));
    const line = lines.get(cells.join('\0'));
    if (line) line.count++;
    else lines.set(cells.join('\0'), { cells, count: 1 });
  }
  const table = [
    ['in the source', 'in the result', 'shape', 'what', 'tensors'],
    ...[...lines.values()].map(({ cells, count }) => [...cells, String(count)]),
  ];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const count = (...what: readonly ConversionRow['what'][]): number =>
    rows.filter((row) => what.includes(row.what)).length;
  return [
    ...table.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    ),
    `${family} under the names of ${names}: ${count('copied', 'transposed')} tensors mapped (${count('transposed')} transposed), ` +
      `${count('computed')} computed, ${count('missing')} parts missing, ${count('left over')} left over`,
  ].join('\n');
}
