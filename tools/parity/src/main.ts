import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { startBackend } from '@audio-ssl/backend';
import { program } from 'commander';
import type { Comparison } from './comparison.js';
import { cutRun } from './cut.js';
import { compareFrontend } from './frontend.js';
import { compareInference, TINY_HEADS } from './inference.js';
import { recordedRuns } from './recorded-run.js';
import { replay } from './replay.js';

program
  .name('parity')
  .description('Replay runs recorded from the authors’ code and compare every number')
  .argument(
    '[folders...]',
    'folders in the format of the reference runs: training runs (run.json) or inference (frontend.safetensors, inference.safetensors with its checkpoints); the runs in tools/parity/recorded by default, eagerly and, on tensorflow, compiled',
  )
  .option('--backend <name>', 'tensorflow, wasm or cpu; the best of this machine by default')
  .option('--compiled', 'run the training step and the encoder as one graph, as `audio-ssl` does (tensorflow only)')
  .option(
    '--heads <count>',
    'attention heads of checkpoints whose width is no multiple of 64, where inference.safetensors has no numHeads',
    Number,
    TINY_HEADS,
  )
  .option('--cut <target>', 'write the one training run that is given to this folder, cut to what its replay needs')
  .action(async (folders: string[], options: Options) => {
    if (options.cut !== undefined) {
      const [folder, ...others] = folders;
      if (folder === undefined || others.length > 0)
        throw new Error(`--cut: expected one folder of a training run, got ${folders.length}`);
      return cutRun(folder, options.cut);
    }
    const { name } = await startBackend(options.backend ? { prefer: options.backend } : {});
    if (options.backend && name !== options.backend)
      throw new Error(`backend ${options.backend} is not available here; run: npm run setup`);
    let failed = 0;
    let compared = 0;
    const { heads } = options;
    const both = folders.length === 0 && name === 'tensorflow';
    for (const folder of folders.length > 0 ? folders : await recordedRuns()) {
      for (const compiled of both ? [false, true] : [options.compiled ?? false]) {
        const lines = await compareFolder(folder, name, { compiled, heads });
        console.log(`\n${basename(folder)} on ${name}${compiled ? ', compiled' : ''}`);
        for (const line of lines) console.log(format(line));
        compared += lines.length;
        failed += lines.filter(({ ok }) => !ok).length;
      }
    }
    console.log(`\n${compared - failed} of ${compared} quantities within tolerance`);
    if (failed > 0) process.exitCode = 1;
  });

interface Options {
  backend?: 'tensorflow' | 'wasm' | 'cpu';
  compiled?: true;
  cut?: string;
  heads: number;
}

async function compareFolder(
  folder: string,
  backend: string,
  { compiled, heads }: { compiled: boolean; heads: number },
): Promise<Comparison[]> {
  if (existsSync(join(folder, 'run.json'))) return replay(folder, backend, { compiled });
  const has = (name: string): boolean => existsSync(join(folder, name));
  const lines = [
    ...(has('frontend.safetensors') ? await compareFrontend(join(folder, 'frontend.safetensors')) : []),
    ...(has('inference.safetensors') ? await compareInference(folder, backend, { compiled, heads }) : []),
  ];
  if (lines.length > 0) return lines;
  throw new Error(
    `${folder}: found no run.json, frontend.safetensors or inference.safetensors; give folders such as ../shared/reference/matpac-tiny`,
  );
}

function format({ quantity, absolute, relative, tolerance, ok }: Comparison): string {
  const number = (value: number): string => value.toExponential(1).padStart(8);
  return `  ${quantity.padEnd(42)} abs ${number(absolute)}  rel ${number(relative)}  allowed ${tolerance.padEnd(24)} ${ok ? 'ok' : 'FAIL'}`;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`parity: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
