import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { publishedPackages } from './workspace.js';

/** Exit code of a `native/build.sh --check` on a machine without the toolchain. */
const NO_TOOLCHAIN = 3;

/**
 * Every committed WebAssembly module that differs from what its source builds. A package with such a module has a
 * `native/build.sh`, whose `--check` builds it again and compares; where the toolchain is missing, `leftOut` is told.
 */
export function binaryViolations(root: string, leftOut: (message: string) => void = () => undefined): string[] {
  return publishedPackages(root).flatMap(({ folder }) => {
    const script = join(root, 'packages', folder, 'native', 'build.sh');
    if (!existsSync(script)) return [];
    const { status, stdout, stderr } = spawnSync('bash', [script, '--check'], { encoding: 'utf8' });
    const said = `${stdout}${stderr}`.trim();
    if (status === NO_TOOLCHAIN) leftOut(`packages/${folder}: not built again: ${said}`);
    return status === 0 || status === NO_TOOLCHAIN ? [] : [`packages/${folder}/native: ${said}`];
  });
}
