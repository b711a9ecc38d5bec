import { writeReport } from '@audio-ssl/experiment';
import type { Command } from 'commander';
import { printResult } from '../terminal/print-result.js';

/** Adds `audio-ssl report`. */
export function addReport(program: Command): void {
  program
    .command('report')
    .description('write the report of a run anew, also of one that is under way or was stopped')
    .argument('<run>', 'folder of the run')
    .action(async (run: string) => {
      printResult(`report: ${await writeReport(run)}`);
    });
}
