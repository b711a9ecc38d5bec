import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { linkViolations } from '../src/links.js';
import { readmeViolations, useExample } from '../src/readme.js';

const good = `# @audio-ssl/optim

Optimisers.

## What

See [what](#what) and [the other page](../../docs/page.md#second-part).

## Install

\`npm install @audio-ssl/optim @tensorflow/tfjs-core\`

## Use

\`\`\`ts
# not a heading, but a line of code
\`\`\`

## API

| \`adamW\` | a step |
| \`warmup\` | a schedule |

## References
`;

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'readme-'));
  execFileSync('git', ['init', '--quiet'], { cwd: root });
  mkdirSync(join(root, 'packages/optim/src'), { recursive: true });
  mkdirSync(join(root, 'docs'));
  write('docs/page.md', '# Page\n\n## Second part\n');
  write(
    'packages/optim/package.json',
    JSON.stringify({
      name: '@audio-ssl/optim',
      exports: Object.fromEntries(
        ['index', 'light'].map((name) => [`./${name}`, { '@audio-ssl/source': `./src/${name}.ts` }]),
      ),
      peerDependencies: { '@tensorflow/tfjs-core': '^4.22.0' },
    }),
  );
  write('packages/optim/src/index.ts', "export { adamW } from './adam-w.js';");
  write('packages/optim/src/light.ts', 'export function warmup(): void {}\nexport type Shape = number[];');
  write('packages/optim/README.md', good);
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (path: string, content: string): void => writeFileSync(join(root, path), content);

describe('readmeViolations', () => {
  test('accepts the agreed form', () => expect(readmeViolations(root)).toEqual([]));

  test.each([
    ['# @audio-ssl/optim', '# Optim', 'expected the title'],
    ['## Install', '## Installation', 'expected the sections'],
    [' @tensorflow/tfjs-core', '', 'does not name @tensorflow/tfjs-core'],
    ['`adamW`', '`adam`', 'does not name the exports adamW'],
    ['`warmup`', '`warm-up`', 'does not name the exports warmup'],
    ['```ts', '```js', 'expected one ```ts block'],
  ])('reports %s turned into "%s"', (from, to, message) => {
    write('packages/optim/README.md', good.replace(from, to));
    expect(readmeViolations(root).join()).toContain(message);
  });
});

test('useExample gives the code alone', () => expect(useExample(good)).toBe('# not a heading, but a line of code'));

describe('linkViolations', () => {
  test('accepts files and anchors that exist', () => expect(linkViolations(root)).toEqual([]));

  test.each([
    ['docs/page.md', 'docs/pages.md'],
    ['#second-part', '#third-part'],
    ['#what', '#why'],
  ])('reports %s turned into %s', (from, to) => {
    write('packages/optim/README.md', good.replace(from, to));
    expect(linkViolations(root)).toEqual([expect.stringContaining(to)]);
  });
});
