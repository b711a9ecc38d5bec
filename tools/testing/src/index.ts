export { expectClose, expectCloseArrays } from './expect-close.js';
export { finiteDifferences } from './finite-differences.js';
export { expectNoLeak } from './expect-no-leak.js';
export { sharedFolder } from './shared-folder.js';
export { seeded } from './seeded.js';
export { tinyArguments, tinyModel, tinyNotes } from './tiny-notes.js';
