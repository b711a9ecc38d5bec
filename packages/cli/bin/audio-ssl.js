#!/usr/bin/env node
/**
 * The `audio-ssl` command: the built program of the published package; in a checkout, which has nothing built, the
 * TypeScript source, in a process that knows how to load it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const at = (path) => new URL(path, import.meta.url);

if (existsSync(at('../tsup.config.ts'))) runSource();
else await import('../dist/main.js');

function runSource() {
  const flags = ['--import', import.meta.resolve('tsx'), '--conditions=@audio-ssl/source'];
  const program = [...flags, fileURLToPath(at('../src/main.ts')), ...process.argv.slice(2)];
  const child = spawn(process.execPath, program, { stdio: 'inherit' });
  // A Ctrl-C of the terminal has reached the child by itself: the command counts two within half a second as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGXCPU'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
