import { fileURLToPath } from 'node:url';

/** The notes that come with the repository: real FLAC files. */
export const shippedNotes = fileURLToPath(new URL('../../../examples/matpac/data', import.meta.url));
