import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test(
  'the command runs in a checkout where nothing is built, from any folder, with its exit code',
  { timeout: 120_000 },
  () => {
    const bin = fileURLToPath(new URL('../bin/audio-ssl.js', import.meta.url));
    const run = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { cwd: tmpdir(), encoding: 'utf8' });
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(run('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(run('nonsense')).toMatchObject({ status: 2, stderr: expect.stringContaining("unknown command 'nonsense'") });
  },
);
