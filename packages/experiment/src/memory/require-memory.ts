import type { StartedBackend } from '@audio-ssl/backend';
import * as tf from '@tensorflow/tfjs-core';
import { InputError } from '../input-error.js';
import type { Config } from '../config/config-schema.js';
import type { Reporter } from '../reporter.js';
import { machineMemory, type MachineMemory } from './machine-memory.js';
import { stepNeed } from './step-need.js';

// The estimate lies within a quarter of what was measured.
const SURELY = 0.75;
const NEAR = 0.9;
const ADDRESSED = 4 * 2 ** 30;

/**
 * Compares what a run of MATPAC needs with the memory that there is, before its first step: reports where it is near, with
 * the setting that lowers it. Says nothing on a GPU, which has memory of its own.
 *
 * @throws InputError where it surely does not fit
 */
export async function requireMemory(
  config: Config,
  { backend, reporter }: { readonly backend?: StartedBackend | undefined; readonly reporter?: Reporter | undefined },
  machine?: MachineMemory,
): Promise<void> {
  if (backend?.device === 'gpu') return;
  const name = backend?.name ?? tf.getBackend();
  const { rss } = process.memoryUsage();
  const { total, free, bound } = within(name, rss, machine ?? (await machineMemory()));
  const need = stepNeed(config, name);
  const fits = (bytes: number): boolean => bytes <= NEAR * free;
  if (fits(need.total)) return;
  const has = `${bound} has ${size(total)}, of which ${size(free)} are free`;
  const words =
    `pretraining needs about ${size(need.total)} of memory (the networks and their copies ${size(need.state)}, a batch of ` +
    `${config.batchSize} clips ${size(need.activations)}), and ${has}; ${advice(config, name, fits)}`;
  if (rss + SURELY * need.total > total) throw new InputError(words);
  reporter?.warning?.(words);
}

/** WebAssembly addresses 4 GiB, however much the machine has. */
function within(backend: string, rss: number, machine: MachineMemory): MachineMemory {
  if (backend !== 'wasm' || machine.total <= rss + ADDRESSED) return machine;
  return { total: rss + ADDRESSED, free: Math.min(machine.free, ADDRESSED), bound: 'the wasm backend' };
}

/** The setting that lowers the need below the bound, the one that changes least first. */
function advice(config: Config, backend: string, fits: (bytes: number) => boolean): string {
  const { memory, batchSize } = config;
  const tried = (change: Partial<Config['memory']>): boolean =>
    fits(stepNeed({ ...config, memory: { ...memory, ...change } }, backend).total);
  const parts = Array.from({ length: batchSize }, (_, i) => i + 1).filter(
    (part) => batchSize % part === 0 && part > memory.accumulation,
  );
  const fewest = parts.find((accumulation) => tried({ accumulation }));
  if (fewest !== undefined)
    return `\`memory.accumulation=${fewest}\` makes the same updates in ${fewest} parts and fits`;
  if (!memory.remat) {
    if (tried({ remat: true })) return '`memory.remat=true` computes each block twice and fits';
    const both = parts.find((accumulation) => tried({ accumulation, remat: true }));
    if (both !== undefined) return `\`memory.remat=true\` and \`memory.accumulation=${both}\` fit`;
  }
  return 'a smaller `preset`, smaller sizes in `model`, or fewer `data.cropFrames` need less';
}

/** Bytes as `1.5 GiB`. */
function size(bytes: number): string {
  return bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
