/**
 * `npm run check [-- STEP...]`: every static check, one line each. All steps run even when one fails; what a failing
 * step printed follows its line. Exit code 1 when any failed.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { arrowViolations } from './arrows.js';
import { binaryViolations } from './binaries.js';
import { circleViolations } from './circles.js';
import { indexViolations, linkViolations } from './links.js';
import { readmeViolations } from './readme.js';

/** Output of a failed step; undefined when it passed. */
type Step = () => string | undefined;

const root = resolve(import.meta.dirname, '../../..');

const steps: Readonly<Record<string, Step>> = {
  lint: script('lint'),
  format: script('format:check'),
  types: script('typecheck'),
  arrows: list(arrowViolations),
  circles: list(circleViolations),
  readmes: list(readmeViolations),
  links: list((folder) => [...linkViolations(folder), ...indexViolations(folder)]),
  binaries: list((folder) => binaryViolations(folder, (message) => console.log(`      ${message}`))),
  unused: script('check:unused'),
  versions: script('check:versions'),
  packages: script('check:packages'),
  size: script('check:size'),
  docs: script('docs'),
};

function script(name: string): Step {
  return () => {
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', name], { cwd: root, encoding: 'utf8' });
    return status === 0 ? undefined : stdout + stderr;
  };
}

function list(violations: (root: string) => string[]): Step {
  return () => violations(root).join('\n') || undefined;
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`check: unknown step ${unknown.join(', ')}; the steps are ${Object.keys(steps).join(', ')}`);
  process.exit(2);
}

let failed = 0;
for (const [name, step] of Object.entries(steps)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const started = performance.now();
  const output = step();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${output === undefined ? 'ok  ' : 'FAIL'}  ${name.padEnd(9)} ${seconds.padStart(6)} s`);
  if (output === undefined) continue;
  failed++;
  console.log(output.trimEnd().replace(/^/gm, '        '));
}
process.exitCode = failed > 0 ? 1 : 0;
