import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const module = join(import.meta.dirname, '..', 'src', 'terminal', 'interrupts.ts');
const script = `
  import { withInterrupts } from ${JSON.stringify(module)};
  await withInterrupts(async (signal) => {
    console.log('begun');
    const waiting = setInterval(() => undefined, 1000);
    await new Promise((done) => signal.addEventListener('abort', done));
    console.log('asked to stop');
    if (process.argv.at(-1) !== 'twice') clearInterval(waiting);
    else await new Promise(() => undefined);
    console.log('saved');
  });`;

/** Sends signals to a process at work, the later ones once it was asked to stop. */
async function ended(signals: readonly NodeJS.Signals[]): Promise<{ code: number | null; output: string }> {
  const args = ['--import', 'tsx', '--conditions=@audio-ssl/source', '--input-type=module', '--eval', script, '--'];
  const child = spawn(process.execPath, [...args, signals.length > 1 ? 'twice' : 'once'], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const sent: NodeJS.Signals[] = [];
  child.stdout.on('data', (bytes) => {
    output += String(bytes);
    for (const word of ['begun', 'asked to stop']) {
      const next = signals[sent.length];
      if (next === undefined || !output.includes(word) || sent.length !== (word === 'begun' ? 0 : 1)) continue;
      sent.push(next);
      setTimeout(() => child.kill(next), sent.length > 1 ? 600 : 0); // sooner it counts as the same one
    }
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}

describe.skipIf(process.platform === 'win32')('work that is asked to stop', { timeout: 60_000 }, () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGXCPU'] as const)('by %s saves', async (signal) => {
    expect(await ended([signal])).toEqual({ code: 0, output: 'begun\nasked to stop\nsaved\n' });
  });

  it('twice ends at once', async () => {
    expect(await ended(['SIGHUP', 'SIGTERM'])).toEqual({ code: 130, output: 'begun\nasked to stop\n' });
  });
});
