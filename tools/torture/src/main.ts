/**
 * Kills, starts at a time and damages what the command works on, and looks at what is left: nothing lost, nothing mixed,
 * numbers as of an undisturbed run bit for bit.
 *
 *   npm run torture                     everything, about half an hour
 *   npm run torture -- --short          about a minute
 *   npm run torture -- --only kill-pretrain --tries 5 --seed 7
 */
import { Command } from 'commander';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attack, Outcome } from './attack.js';
import { damage } from './attacks/damage.js';
import { killAblate } from './attacks/kill-ablate.js';
import { killEmbed } from './attacks/kill-embed.js';
import { killPretrain } from './attacks/kill-pretrain.js';
import { killProbe } from './attacks/kill-probe.js';
import { probeTogether } from './attacks/probe-together.js';
import { startTogether } from './attacks/start-together.js';
import { makeGround } from './ground.js';

interface Options {
  readonly short: boolean;
  readonly seed: number;
  readonly only?: string;
  readonly tries?: number;
  readonly json?: string;
  readonly keep: boolean;
}

const attacks: readonly Attack[] = [
  killPretrain,
  startTogether,
  damage,
  killEmbed,
  killProbe,
  probeTogether,
  killAblate,
];

const { short, seed, only, tries, json, keep } = new Command('torture')
  .option('--short', 'few tries of each that is quick, as before every commit', false)
  .option('--seed <n>', 'what moments and places are drawn from', Number, 1)
  .option('--only <name>', `one attack: ${attacks.map(({ name }) => name).join(', ')}`)
  .option('--tries <n>', 'tries of each attack', Number)
  .option('--json <file>', 'writes the figures there')
  .option('--keep', 'keeps the folder that it works in', false)
  .parse()
  .opts<Options>();

const folder = await mkdtemp(join(tmpdir(), 'torture-'));
const outcomes: (Outcome & { readonly name: string; readonly seconds: number })[] = [];
try {
  const ground = await makeGround(folder, seed);
  for (const attack of attacks) {
    const count = tries ?? (short ? attack.short : attack.tries);
    if (only === undefined ? count === 0 : only !== attack.name) continue;
    const began = performance.now();
    const outcome = await attack.run(ground, count);
    const seconds = Math.round((performance.now() - began) / 1000);
    outcomes.push({ name: attack.name, ...outcome, seconds });
    console.log(`${attack.name}: ${outcome.faults.length === 0 ? 'held' : 'FAILED'}, ${outcome.words} (${seconds} s)`);
    for (const fault of outcome.faults) console.log(`  ${fault}`);
  }
} finally {
  if (keep) console.log(folder);
  else await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
if (json !== undefined) await writeFile(json, `${JSON.stringify({ seed, outcomes }, undefined, 2)}\n`);
if (outcomes.length === 0) throw new Error(`no attack is called ${only}`);
if (outcomes.some(({ faults }) => faults.length > 0)) process.exitCode = 1;
