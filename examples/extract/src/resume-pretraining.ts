// A state to continue pretraining from: node --import tsx --conditions=@audio-ssl/source resume-pretraining.ts TRAINING_CHECKPOINT [SIZE]
import { startBackend } from '@audio-ssl/backend';
import { initMatpac, sizes, variants, type Size } from '@audio-ssl/matpac';
import { loadState } from '@audio-ssl/pretrained';
import { openTensors } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';

const [checkpoint, size = 'base'] = process.argv.slice(2) as [string, Size?];
await startBackend();
const fresh = initMatpac({ model: sizes[size], ...variants.matpac }, 1337);
const source = await openFile(checkpoint);
const { family, loaded, fresh: made } = await loadState(await openTensors(source), fresh);
await source.close();
console.log(`${family}: ${loaded.join(', ')}; fresh: ${made.join(', ')}`); // `state` goes into trainStep
