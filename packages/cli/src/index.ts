export { runCli } from './cli.js';
export { withInterrupts } from './interrupts.js';
export { printError } from './print-error.js';
export { setupBackend, doctorReport, type SetupBackendOptions } from './setup-backend.js';
export { startForTraining } from './start-for-training.js';
