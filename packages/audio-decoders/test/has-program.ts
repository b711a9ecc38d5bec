import { spawnSync } from 'node:child_process';

/** Whether a program is installed here: tests that compare with one are skipped where it is not. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ['-version']).error === undefined;
}
