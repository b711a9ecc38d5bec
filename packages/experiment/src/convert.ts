import { convertCheckpoint, type ConversionRow, type EncoderFacts, type Naming } from '@audio-ssl/pretrained';
import { pytorchChunks, safetensorsChunks } from '@audio-ssl/tensor-files';
import { writeAtomically } from '@audio-ssl/tensor-files/node';
import { cannotWrite, requireWritableFile } from '@audio-ssl/trainer';
import { mkdir } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { InputError } from './input-error.js';
import { openCheckpoint } from './open-checkpoint.js';
import type { Reporter } from './reporter.js';

/** The options of {@link convert}. */
export interface ConvertOptions {
  /** A checkpoint of any family, or the folder of a run, whose newest checkpoint that can be read is taken. */
  readonly from: string;
  /** The checkpoint of a run after so many steps; the newest one by default. */
  readonly atStep?: number | undefined;
  /** Which of a model and its average, where the source has both (`ema_model`, `teacher`); the model by default. */
  readonly network?: 'student' | 'teacher' | undefined;
  /** The file to write: `.safetensors`, or `.pt` or `.pth` for PyTorch. */
  readonly to: string;
  /** Whose names: by default ours in safetensors, the authors' in PyTorch checkpoints. */
  readonly names?: Naming | undefined;
  /** Leave out all but the encoder and a class head, as the published files do. */
  readonly encoderOnly?: boolean | undefined;
  /** Attention heads, for the metadata; by default as the source says, where it does. */
  readonly numHeads?: number | undefined;
  /** What the source does not state of its encoder, as in `LoadModelOptions` of `@audio-ssl/pretrained`. */
  readonly facts?: Partial<EncoderFacts> | undefined;
  readonly reporter?: Reporter | undefined;
  /** Stops the work; `to` then keeps its old content. */
  readonly signal?: AbortSignal | undefined;
}

/** The outcome of {@link convert}. */
export interface Converted {
  /** What the source was recognised as. */
  readonly family: string;
  readonly names: Naming;
  /** What became of each tensor. */
  readonly rows: readonly ConversionRow[];
}

/**
 * Converts a checkpoint, tensor by tensor; `to` holds its old content or all of the new. Needs no backend.
 *
 * @throws InputError or Error for a source that is not recognised, and for a file that cannot be written
 * @example
 * await convert({ from: 'runs/first', to: 'first.pt' });
 */
export async function convert(options: ConvertOptions): Promise<Converted> {
  const { from, to, atStep, encoderOnly, numHeads, facts, network, reporter, signal } = options;
  const type = extname(to);
  if (!['.safetensors', '.pt', '.pth'].includes(type))
    throw new InputError(`\`to\` ${to}: expected a name that ends in .safetensors, .pt or .pth`, 'option');
  const names = options.names ?? (type === '.safetensors' ? 'audio-ssl' : 'matpac');
  await requireWritableFile(to, 'to');
  const file = await openCheckpoint(from, { atStep, reporter });
  try {
    const { tensors, dictionaries, metadata, rows, family, notes } = await convertCheckpoint(file, names, {
      ...{ encoderOnly, numHeads, facts, network },
    });
    for (const note of notes) reporter?.note?.(note);
    const chunks =
      type === '.safetensors'
        ? safetensorsChunks(tensors, metadata)
        : pytorchChunks(tensors, { dictionaries, metadata });
    await mkdir(dirname(to), { recursive: true });
    await writeAtomically(to, signal ? stoppable(chunks, signal) : chunks);
    return { family, names, rows };
  } catch (error) {
    throw cannotWrite(to, error);
  } finally {
    await file.close();
  }
}

async function* stoppable<T>(chunks: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}
