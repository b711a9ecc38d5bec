/**
 * Decodes damaged and hostile files of every format and watches what becomes of it: no hang, no crash, little memory, an
 * error in words, no sample that is no number, and none other than the healthy file's where the format has checksums.
 *
 *   npm run fuzz -- --count 20000 --seed 1
 *   npm run fuzz -- --seed 1 --only 4711 --save input.bin
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { mutate } from './mutate.js';
import { randomFor } from './random.js';
import { runInputs, type Tried } from './run-inputs.js';
import { loadSeeds } from './seeds.js';
import { formatTable } from './table.js';
import { tryInput } from './try-input.js';

interface Options {
  readonly count: number;
  readonly seed: number;
  readonly jobs: number;
  readonly only?: number;
  readonly save?: string;
  readonly files: readonly string[];
}

const {
  count,
  seed,
  jobs,
  only,
  save,
  files: folders,
} = new Command('fuzz')
  .option('--count <n>', 'inputs', Number, 1000)
  .option('--seed <n>', 'what they are drawn from', Number, 1)
  .option('--jobs <n>', 'processes', Number, Math.min(2, availableParallelism()))
  .option('--only <n>', 'one input, by its number', Number)
  .option('--save <file>', 'with --only: writes the input there')
  .option('--files <folder...>', 'folders of further healthy files', [])
  .parse()
  .opts<Options>();

if (only !== undefined) {
  const seeds = await loadSeeds(folders);
  const healthy = seeds[only % seeds.length]!;
  const input = mutate(healthy.bytes, randomFor(seed, only));
  if (save) writeFileSync(save, input);
  console.log(healthy.format, await tryInput(input, healthy));
} else {
  const all: Tried[] = [];
  const onTried = (tried: Tried): void => {
    all.push(tried);
    if (all.length % 1000 === 0) console.error(`${all.length} of ${count}`);
  };
  await runInputs({ seed, count, jobs, folders, onTried });
  console.log(formatTable(all));
  const faults = all.filter(({ outcome }) => outcome.fault !== undefined);
  for (const { index, format, outcome } of faults.slice(0, 50)) {
    console.log(`\n--seed ${seed} --only ${index} (${format}): ${outcome.fault}`);
  }
  if (faults.length > 0 || all.length < count) process.exitCode = 1;
}
