import { createInterface } from 'node:readline';

/**
 * Runs one implementation for the benchmark: the specification comes as the first argument, every line of standard
 * input is a number of runs, and every answer a line with their milliseconds.
 */
export async function serve<Spec>(prepare: (spec: Spec) => Promise<() => Promise<unknown>>): Promise<void> {
  const run = await prepare(JSON.parse(process.argv[2]!) as Spec);
  const answer = (value: object): void => void process.stdout.write(`@${JSON.stringify(value)}\n`);
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const ms: number[] = [];
    let value: unknown;
    for (let n = Number(line); n > 0; n--) {
      const began = performance.now();
      value = await run();
      ms.push(performance.now() - began);
    }
    answer({ ms, value });
  }
  process.exit(0);
}
