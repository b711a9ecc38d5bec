import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tinyArguments, tinyNotes } from '@audio-ssl/testing';
import { expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../bin/audio-ssl.js', import.meta.url));

test(
  'the command runs in a checkout where nothing is built, from any folder, with its exit code',
  { timeout: 120_000 },
  () => {
    const run = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { cwd: tmpdir(), encoding: 'utf8' });
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(run('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(run('nonsense')).toMatchObject({ status: 2, stderr: expect.stringContaining("unknown command 'nonsense'") });
  },
);

/** What a process has said so far. */
function listen(child: ChildProcess): () => string {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += String(text)));
  return () => said;
}

test.skipIf(process.platform === 'win32')(
  'signals to the command alone, and Ctrl-C of a terminal to its process group, stop the work once',
  { timeout: 300_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bin-'));
    const notes = await tinyNotes();
    const pretrain = ['pretrain', '--data', notes, '--preset', 'demo', ...tinyArguments, '--set', 'steps=100000'];
    try {
      for (const [name, signal, group] of [
        ['alone', 'SIGINT', false],
        ['at a terminal', 'SIGINT', true],
        ['when the connection is lost', 'SIGHUP', false],
      ] as const) {
        const args = [bin, ...pretrain, '--out', join(folder, name)];
        const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
        const said = listen(child);
        const ended = once(child, 'close');
        while (!/^pretrain /m.test(said()) && child.exitCode === null) await sleep(50);
        process.kill(group ? -child.pid! : child.pid!, signal);
        expect(await ended, said()).toEqual([130, null]);
        expect(said().match(/finishing this step and saving/g), said()).toHaveLength(1);
        expect(said()).not.toContain('stopped at once');
        expect(said()).toContain('the same command resumes there');
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
      await rm(notes, { recursive: true });
    }
  },
);
