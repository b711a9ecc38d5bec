import { listRuns } from '@audio-ssl/experiment';
import type { Command } from 'commander';
import { printResult } from '../terminal/print-result.js';
import { runsTable } from '../terminal/runs-table.js';

/** Adds `audio-ssl runs`. */
export function addRuns(program: Command): void {
  program
    .command('runs')
    .description('list the runs in a folder, those of suites too: state, step, best probe, size and age')
    .argument('[folder]', 'where to look, below it too', 'runs')
    .option('--json', 'as JSON, with every figure')
    .action(async (folder: string, { json }: { readonly json?: boolean }) => {
      const runs = await listRuns(folder);
      if (json) printResult(JSON.stringify(runs, undefined, 2));
      else printResult(runs.length > 0 ? runsTable(runs) : `no runs in ${folder}`);
    });
}
