#!/usr/bin/env node
import { runCli } from './cli.js';

// A reader that goes away (`| head`, a closed terminal, a connection that is lost) is no reason to end a run.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2));
