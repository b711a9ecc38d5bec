import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { machineMemory } from '../src/memory/machine-memory.js';

const GiB = 2 ** 30;
let root: string;
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'machine-'))));
afterEach(() => rm(root, { recursive: true }));

const meminfo = `MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:   8388608 kB\nSwapTotal:       1048576 kB\nSwapFree:        524288 kB\n`;
/** A system of files that say so. */
async function system(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries({ 'proc/meminfo': meminfo, ...files })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), `${text}\n`);
  }
}

describe('machineMemory', () => {
  it('is that of this machine', async () => {
    const { total, free } = await machineMemory();
    expect(total).toBeGreaterThan(GiB / 2);
    expect(free).toBeGreaterThan(0);
    expect(free).toBeLessThanOrEqual(total);
  });

  it('is that of the machine where no control group sets a bound', async () => {
    await system({ 'proc/self/cgroup': '0::/user.slice', 'sys/fs/cgroup/user.slice/memory.max': 'max' });
    expect(await machineMemory(root)).toEqual({ total: 17 * GiB, free: 8.5 * GiB, bound: 'this machine' });
  });

  it('is that of a container of version 2, whose file cache is free', async () => {
    await system({
      'proc/self/cgroup': '0::/',
      'sys/fs/cgroup/memory.max': String(4 * GiB),
      'sys/fs/cgroup/memory.current': String(3 * GiB),
      'sys/fs/cgroup/memory.stat': `anon ${GiB}\ninactive_file ${GiB}\nactive_file 7`,
    });
    const bound = 'the control group of this process';
    expect(await machineMemory(root)).toEqual({ total: 4 * GiB, free: 2 * GiB, bound });
  });

  it('is that of the least group above, as a Slurm job sets it', async () => {
    const job = 'sys/fs/cgroup/system.slice/slurmstepd.scope/job_7';
    await system({
      'proc/self/cgroup': '0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0',
      [`${job}/memory.max`]: String(2 * GiB),
      [`${job}/memory.current`]: String(GiB / 2),
      [`${job}/step_0/memory.max`]: 'max',
      [`${job}/step_0/user/task_0/memory.max`]: 'max',
      'sys/fs/cgroup/system.slice/memory.max': String(12 * GiB),
    });
    expect(await machineMemory(root)).toMatchObject({ total: 2 * GiB, free: 1.5 * GiB });
  });

  it('is that of a group of version 1, also where the path is that of the host', async () => {
    const mount = 'sys/fs/cgroup/memory';
    const own = {
      [`${mount}/memory.limit_in_bytes`]: String(3 * GiB),
      [`${mount}/memory.usage_in_bytes`]: String(GiB),
      [`${mount}/memory.stat`]: `inactive_file 1\ntotal_inactive_file ${GiB / 2}`,
    };
    await system({ 'proc/self/cgroup': '5:cpu,cpuacct:/x\n4:memory:/docker/0123\n0::/', ...own });
    expect(await machineMemory(root)).toMatchObject({ total: 3 * GiB, free: 2.5 * GiB });
    await system({ [`${mount}/memory.limit_in_bytes`]: '9223372036854771712' });
    expect(await machineMemory(root)).toMatchObject({ total: 17 * GiB, bound: 'this machine' });
  });
});
