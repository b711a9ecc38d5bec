import type { Command } from 'commander';
import { withInterrupts } from '../terminal/interrupts.js';
import { setupBackend } from '../terminal/setup-backend.js';

/** Adds `audio-ssl setup`. */
export function addSetup(program: Command): void {
  program
    .command('setup')
    .description('build the native backend, once per machine; where it cannot be built, wasm is used')
    .option('--gpu', 'take the CUDA build of TensorFlow and its libraries (several GB)')
    .option('--no-gpu', 'go back to the build for the processor; without either the build in use is kept')
    .option('--force', 'build again')
    .action(async (options: { gpu?: boolean; force?: boolean }) => {
      await withInterrupts((signal) => setupBackend({ ...options, signal }));
    });
}
