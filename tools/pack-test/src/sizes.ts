/**
 * `npm run sizes [-- FOLDER...]`: what installing a package brings. Packs every package as built, installs each alone into
 * an empty folder, and prints the packages and megabytes that arrive, ours and those of its peers among them.
 */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { publishedPackages } from '@audio-ssl/checks';

const packages = publishedPackages(resolve(import.meta.dirname, '../../..'));
const asked = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'audio-ssl-sizes-'));

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', [...args, '--ignore-scripts'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const bytesBelow = (folder: string): number =>
  readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesBelow(path) : lstatSync(path).size);
  }, 0);

try {
  const tarballs = new Map(
    packages.map(({ path, manifest }) => {
      const [packed] = JSON.parse(npm(work, 'pack', path, '--json')) as { filename: string }[];
      return [manifest.name, `file:${join(work, packed!.filename)}`];
    }),
  );
  console.log('package                   packages      MB');
  for (const { folder, manifest } of packages) {
    if (asked.length > 0 && !asked.includes(folder)) continue;
    const project = mkdtempSync(join(work, 'project-'));
    // Our packages come from the tarballs, wherever they stand among the dependencies.
    const description = {
      dependencies: { [manifest.name]: tarballs.get(manifest.name) },
      overrides: Object.fromEntries(tarballs),
    };
    writeFileSync(join(project, 'package.json'), JSON.stringify(description));
    npm(project, 'install', '--no-audit', '--no-fund');
    const installed = npm(project, 'ls', '--all', '--parseable').trim().split('\n').slice(1);
    const megabytes = bytesBelow(join(project, 'node_modules')) / 1e6;
    console.log(`${folder.padEnd(26)}${String(installed.length).padStart(8)}${megabytes.toFixed(1).padStart(8)}`);
    rmSync(project, { recursive: true });
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
