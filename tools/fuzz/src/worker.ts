import { mutate } from './mutate.js';
import { randomFor } from './random.js';
import { loadSeeds } from './seeds.js';
import { tryInput } from './try-input.js';

/**
 * Tries inputs, in a process of its own: it may hang or end without hurting the run. It makes each input itself from its
 * number, so that a number says everything.
 */
const [seed, ...folders] = process.argv.slice(2);
const seeds = await loadSeeds(folders);
for (const healthy of seeds) await tryInput(healthy.bytes, healthy); // what is loaded once is no input's fault
process.on('message', async (index: number) => {
  const healthy = seeds[index % seeds.length]!;
  process.send!({ index, format: healthy.format }); // known even when it hangs
  const outcome = await tryInput(mutate(healthy.bytes, randomFor(Number(seed), index)), healthy);
  process.send!({ index, format: healthy.format, outcome });
});
process.send!('ready');
