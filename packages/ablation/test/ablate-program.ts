/** Runs `ablate` with the options that its argument holds as JSON, prints its notes, and stops it at SIGINT. */
import { ablate, type AblateOptions } from '../src/ablate.js';

const controller = new AbortController();
process.on('SIGINT', () => controller.abort());
const { end, failed } = await ablate({
  ...(JSON.parse(process.argv[2]!) as AblateOptions),
  reporter: { note: console.log },
  signal: controller.signal,
});
console.log(end, failed);
process.exit(end === 'stopped' ? 130 : failed.length);
