/**
 * `npm run sizes [-- FOLDER...]`: what installing a package brings. Packs every package as built, installs each alone into
 * an empty folder, and prints the packages and megabytes that arrive: without its peers, and with them (tfjs-core is 38 MB).
 */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const tarballs = new Map<string, string>();

/** How many packages, and megabytes, installing one into an empty folder brings. */
function installed(name: string, flags: readonly string[]): string {
  const project = mkdtempSync(join(work, 'project-'));
  // Our packages come from the tarballs, wherever they stand among the dependencies.
  const description = { dependencies: { [name]: tarballs.get(name) }, overrides: Object.fromEntries(tarballs) };
  writeFileSync(join(project, 'package.json'), JSON.stringify(description));
  npm(project, 'install', '--no-audit', '--no-fund', ...flags);
  const lock = readFileSync(join(project, 'node_modules', '.package-lock.json'), 'utf8');
  const count = Object.keys((JSON.parse(lock) as { packages: object }).packages).length;
  const megabytes = bytesBelow(join(project, 'node_modules')) / 1e6;
  rmSync(project, { recursive: true });
  return `${String(count).padStart(8)}${megabytes.toFixed(1).padStart(8)}`;
}

try {
  for (const { path, manifest } of packages) {
    const [packed] = JSON.parse(npm(work, 'pack', path, '--json')) as { filename: string }[];
    tarballs.set(manifest.name, `file:${join(work, packed!.filename)}`);
  }
  console.log('package                  packages    MB   with peers    MB');
  for (const { folder, manifest } of packages) {
    if (asked.length > 0 && !asked.includes(folder)) continue;
    const [alone, withPeers] = [['--legacy-peer-deps'], []].map((flags) => installed(manifest.name, flags));
    console.log(folder.padEnd(24) + alone + withPeers);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
