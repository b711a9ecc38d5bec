import { createInterface } from 'node:readline';
import type { Row } from '../row.js';

/**
 * Runs one implementation for the benchmark: the row comes as the first argument, every line of standard input is a
 * number of runs, and every answer a line with their milliseconds.
 */
export async function serve(
  prepare: (row: Row & { readonly path?: string }) => Promise<() => Promise<unknown>>,
): Promise<void> {
  const run = await prepare(JSON.parse(process.argv[2]!) as Row & { path?: string });
  const answer = (value: object): void => void process.stdout.write(`@${JSON.stringify(value)}\n`);
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const ms: number[] = [];
    for (let n = Number(line); n > 0; n--) {
      const began = performance.now();
      await run();
      ms.push(performance.now() - began);
    }
    answer({ ms });
  }
  process.exit(0);
}
