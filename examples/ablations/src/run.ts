/**
 * A suite of ablations: by default the paper's, on the shipped instrument notes, one seed, in about half an hour on two
 * cores. What follows `--` goes to `audio-ssl ablate` and stands above these defaults:
 *
 *     npm run ablations
 *     npm run ablations -- --suite masking --seeds 3 --budget 2h
 *     npm run ablations -- --suite examples/ablations/heads.yaml --plan
 *     npm run ablations -- --data ESC-50-master --preset small-data --seeds 3 --budget 3h
 */
import { printError, runCli, setupBackend, withInterrupts } from '@audio-ssl/cli';
import { fileURLToPath } from 'node:url';

const notes = fileURLToPath(new URL('../../matpac/data', import.meta.url));
const asked = process.argv.slice(2);
const data = asked.some((word) => /^--data(=|$)/.test(word)) ? [] : ['--data', notes, '--name', 'instrument notes'];
const defaults = ['--suite', 'paper', ...data, '--seeds', '1', '--budget', '30m'];

try {
  const { native } = await withInterrupts((signal) => setupBackend({ signal }));
  if (!native) console.error('without the native backend the runs get fewer steps into the same time');
  process.exitCode = await runCli(['ablate', ...defaults, ...asked]);
} catch (error) {
  process.exitCode = printError(error);
}
