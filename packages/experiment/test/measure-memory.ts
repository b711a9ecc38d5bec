// A program: pretrains on a folder and prints how much memory that took beyond what the process had, and what was estimated.
import { startBackend } from '@audio-ssl/backend';
import { loadConfig, pretrain } from '@audio-ssl/experiment';
import { stepNeed } from '../src/memory/step-need.js';

const [data = '', out = '', ...set] = process.argv.slice(2);
const backend = await startBackend();
const config = await loadConfig({ preset: 'tiny', set: [...set, 'data.dataset=nsynth'] });
const { rss } = process.memoryUsage();
await pretrain({ data, out, config, backend });
const taken = 1024 * process.resourceUsage().maxRSS - rss;
console.log(JSON.stringify({ backend: backend.name, taken, estimated: stepNeed(config).total }));
