import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config/load-config.js';
import { readLabels } from '../src/read-labels.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-'));
});
afterAll(() => rm(folder, { recursive: true }));
/** Whatever was read, no object of the program has another property than before. */
const properties = Object.getOwnPropertyNames(Object.prototype).join();
afterEach(() => {
  expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(properties);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

const fileOf = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

describe('a hostile configuration', () => {
  const refused = async (text: string): Promise<string> =>
    (
      (await loadConfig({ preset: 'demo', file: await fileOf('config.yaml', text) }).catch(
        (error: unknown) => error,
      )) as Error
    ).message;

  it('that swells by aliases is refused soon', async () => {
    const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}1]`);
    const began = performance.now();
    expect(await refused(`a0: &a0 [1]\n${levels.join('\n')}\n`)).toMatch(/not a configuration in YAML: .*alias/i);
    expect(performance.now() - began).toBeLessThan(20_000); // some milliseconds; 10^12 values otherwise
  });

  it.each([
    '!!js/function "() => process.exit()"',
    '!!python/object/apply:os.system ["id"]',
    '!<tag:yaml.org,2002:js/undefined> x',
  ])('may not name code: %s', async (value) => {
    expect(await refused(`run: ${value}\n`)).toMatch(/unknown key "run"/);
    expect(await refused(`steps: ${value}\n`)).toMatch(/steps/);
  });

  it('may not reach behind its own keys', async () => {
    for (const text of ['__proto__: { polluted: 1 }\n', 'constructor: { prototype: { polluted: 1 } }\n'])
      expect(await refused(text)).toMatch(/unknown key/);
    expect(await refused('model: { __proto__: { polluted: 1 } }\n')).toMatch(/unknown key/);
  });
});

describe('a hostile table of labels', () => {
  it('has names of JavaScript as names and nothing else', async () => {
    const csv = await fileOf('labels.csv', 'category,target,__proto__\n__proto__,0,polluted\nconstructor,1,x\n');
    expect(await readLabels(csv, 2)).toEqual(['__proto__', 'constructor']);
    const json = await fileOf('labels.json', '["__proto__","constructor"]');
    expect(await readLabels(json, 2)).toEqual(['__proto__', 'constructor']);
  });
});
