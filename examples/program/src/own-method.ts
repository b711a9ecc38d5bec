/**
 * The same with a method of one's own: Masked Modeling Duo as examples/compose makes it of the blocks. Run folder, resuming,
 * monitor, probe and embedding are those of MATPAC.
 *
 *     npm run own-method -- runs/m2d steps=500
 */
import { startBackend } from '@audio-ssl/backend';
import { m2d } from '@audio-ssl/example-compose';
import { embed, loadConfig, pretrain, probe, probeSummary } from '@audio-ssl/experiment';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [out = 'runs/own-method', ...settings] = process.argv.slice(2);
const data = fileURLToPath(new URL('../../matpac/data', import.meta.url));

const backend = await startBackend();
const config = await loadConfig({ preset: 'demo', set: ['data.dataset=nsynth', 'steps=500', ...settings] });
const method = m2d(config.model);

await pretrain({ data, out, config, method, backend });
const results = await probe({ run: out, root: data, method, backend });
console.log(results.map(probeSummary).join('\n'));

const embeddings = join(out, 'embeddings.npy');
const { count, dims } = await embed({ checkpoint: out, inputs: [join(data, 'audio')], out: embeddings, backend });
console.log(`${count} vectors of ${dims} values in ${embeddings}`);
