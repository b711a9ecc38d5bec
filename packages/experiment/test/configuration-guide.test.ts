import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { page, withTables } from '../scripts/configuration-guide.js';

it('the guide lists every key as the schema has it', async () => {
  const text = await readFile(page, 'utf8');
  expect(await withTables(text), 'run packages/experiment/scripts/configuration-guide.ts').toBe(text);
});
