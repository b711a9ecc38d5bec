export { runCli } from './cli.js';
export { type InterruptWords, withInterrupts } from './terminal/interrupts.js';
export { printError } from './terminal/print-error.js';
export { terminalReporter } from './terminal/reporter.js';
export { setupBackend, type SetupBackendOptions } from './terminal/setup-backend.js';
export { startForTraining } from './terminal/start-for-training.js';
