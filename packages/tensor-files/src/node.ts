export { readWhole, removeUnfinished, writeAtomically, type FileContent, type WriteOptions } from './atomic-file.js';
export { checksumPlace, sealSafetensors, verifyChecksum } from './checksum.js';
export { openFile } from './open-file.js';
