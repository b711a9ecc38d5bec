import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withSpentTime } from '../src/spent-time.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'spent-'))));
afterAll(() => rm(folder, { recursive: true }));

describe('the time of a suite', () => {
  it('is remembered, however it ends', async () => {
    const out = join(folder, 'spent');
    const noted = async () => JSON.parse(await readFile(join(out, 'spent.json'), 'utf8')).seconds as number;
    const failing = withSpentTime(out, async () => {
      await sleep(50);
      throw new Error('calibration failed');
    });
    await expect(failing).rejects.toThrow('calibration failed');
    const first = await noted();
    expect(first).toBeGreaterThan(0.04);
    // Killed: nothing but what was noted on the way is there.
    await withSpentTime(
      out,
      async (spent) => {
        expect(spent()).toBeGreaterThanOrEqual(first);
        await vi.waitFor(async () => expect(await noted()).toBeGreaterThan(first), { timeout: 10_000 });
      },
      5,
    );
  });
});
