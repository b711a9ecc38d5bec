import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pictures } from '../scripts/pictures.js';

const folder = new URL('../', import.meta.url);

describe('the pictures of the README', () => {
  it.each(Object.entries(pictures))(
    '%s is what the code draws (else: npm run draw -w packages/masking)',
    (name, svg) => {
      expect(readFileSync(new URL(`images/${name}`, folder), 'utf8') === svg).toBe(true);
    },
  );

  it('are all there, and all shown', () => {
    const names = Object.keys(pictures).sort();
    expect(readdirSync(new URL('images/', folder)).sort()).toEqual(names);
    const readme = readFileSync(new URL('README.md', folder), 'utf8');
    for (const name of names) expect(readme).toContain(`(images/${name})`);
  });
});
