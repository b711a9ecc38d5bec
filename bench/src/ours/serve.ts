import { createInterface } from 'node:readline';
import type { Row } from '../row.js';

/**
 * Runs one implementation for the benchmark: the row comes as the first argument, every line of standard input is a
 * number of runs, and every answer a line with their milliseconds.
 */
export async function serve(
  prepare: (row: Row & { readonly path?: string }) => Promise<() => Promise<unknown>>,
): Promise<void> {
  const row = JSON.parse(process.argv[2]!) as Row & { path?: string };
  const run = await prepare(row);
  const now = row.benchmark === 'sound' ? processorTime : () => performance.now();
  const answer = (value: object): void => void process.stdout.write(`@${JSON.stringify(value)}\n`);
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const ms: number[] = [];
    for (let n = Number(line); n > 0; n--) {
      const began = now();
      await run();
      ms.push(now() - began);
    }
    answer({ ms });
  }
  process.exit(0);
}

/** What one core has worked for this process, in milliseconds: on the clock comes what it does for others beside it. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
