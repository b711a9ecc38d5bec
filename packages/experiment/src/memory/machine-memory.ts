import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { join, posix } from 'node:path';

/** The memory of the machine, or of the part of it that this process may use. */
export interface MachineMemory {
  /** Bytes that there are, swap included. */
  readonly total: number;
  /** Bytes that this process can still get: neither it nor another one has them. */
  readonly free: number;
  /** What sets the bound, in words. */
  readonly bound: string;
}

/**
 * The memory that this process may use: that of the machine or, where it is less, of its control group or one above it (of a
 * container, a Slurm job, a service; versions 1 and 2).
 *
 * @param root where the system's files are; another folder in tests
 */
export async function machineMemory(root = '/'): Promise<MachineMemory> {
  const info = (await read(join(root, 'proc/meminfo'))) ?? '';
  const inInfo = (name: string): number | undefined => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(info);
    return found ? 1024 * Number(found[1]) : undefined;
  };
  const machine = {
    total: (inInfo('MemTotal') ?? totalmem()) + (inInfo('SwapTotal') ?? 0),
    free: (inInfo('MemAvailable') ?? freemem()) + (inInfo('SwapFree') ?? 0),
  };
  const groups = await controlGroups(root);
  const total = Math.min(machine.total, ...groups.map(({ limit }) => limit));
  return {
    total,
    free: Math.min(machine.free, ...groups.map(({ limit, used }) => Math.max(0, limit - used))),
    bound: total < machine.total ? 'the control group of this process' : 'this machine',
  };
}

/** The limits of this process's control group and of those above it, with what is used and cannot be dropped. */
async function controlGroups(root: string): Promise<{ readonly limit: number; readonly used: number }[]> {
  const lines = ((await read(join(root, 'proc/self/cgroup'))) ?? '').split('\n');
  const found: { limit: number; used: number }[] = [];
  for (const line of lines) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const second = controllers === '';
    if (path === undefined || !(second || controllers!.split(',').includes('memory'))) continue;
    const mount = join(root, second ? 'sys/fs/cgroup' : 'sys/fs/cgroup/memory');
    const [limitFile, usedFile] = second
      ? ['memory.max', 'memory.current']
      : ['memory.limit_in_bytes', 'memory.usage_in_bytes'];
    // In a container the path may be that of the host: then its own group is the root of what is mounted.
    for (let at = path; ; at = posix.dirname(at)) {
      const limit = Number(await read(join(mount, at, limitFile)));
      if (limit > 0 && limit < 2 ** 60) {
        const used = Number(await read(join(mount, at, usedFile))) || 0;
        const stat = (await read(join(mount, at, 'memory.stat'))) ?? '';
        const [, cache] = /^total_inactive_file (\d+)/m.exec(stat) ?? /^inactive_file (\d+)/m.exec(stat) ?? [];
        found.push({ limit, used: used - Number(cache ?? 0) });
      }
      if (at === '/' || at === '.') break;
    }
  }
  return found;
}

function read(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
