import { newestCheckpoint } from '@audio-ssl/trainer';

export { openCheckpoint } from './open-checkpoint.js';
export { runMetadata as toldBeside } from './run-metadata.js';

export const lastCheckpoint = async (run: string): Promise<string | undefined> => (await newestCheckpoint(run))?.path;
