/**
 * Pretrains on the shipped instrument notes, probes the encoder and embeds the notes, with functions instead of the command:
 *
 *     npm run program                              # into runs/program; the same call resumes what was stopped
 *     npm run program -- runs/longer steps=5000    # another folder, and settings as in docs/guide/configuration.md
 */
import { startBackend } from '@audio-ssl/backend';
import { embed, loadConfig, pretrain, probe, probeSummary, type Reporter } from '@audio-ssl/experiment';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [out = 'runs/program', ...settings] = process.argv.slice(2);
const data = fileURLToPath(new URL('../../matpac/data', import.meta.url));

const reporter: Reporter = {
  stage: ({ name, total }) => console.error(`${name}: ${total}`),
  warning: (message) => console.error(`warning: ${message}`),
};
const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());

const backend = await startBackend();
const common = { backend, reporter, signal: interrupt.signal };
const config = await loadConfig({ preset: 'demo', set: ['data.dataset=nsynth', 'steps=500', ...settings] });

const { completed, step } = await pretrain({ data, out, config, ...common });
if (!completed) {
  console.error(`stopped after ${step} steps; the same call resumes there`);
  process.exit(130);
}
for (const result of await probe({ run: out, root: data, ...common })) console.log(probeSummary(result));

const embeddings = join(out, 'embeddings.npy');
const { count, dims } = await embed({ checkpoint: out, inputs: [join(data, 'audio')], out: embeddings, ...common });
console.log(`${count} vectors of ${dims} values in ${embeddings}`);
