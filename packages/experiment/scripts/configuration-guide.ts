/**
 * Writes the tables of docs/guide/configuration.md from the schema:
 *
 *     node --import tsx --conditions=@audio-ssl/source packages/experiment/scripts/configuration-guide.ts
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { configKeys, expected, type KeySchema } from '../src/config/config-messages.js';
import { configSchema } from '../src/config/config-schema.js';
import { loadConfig } from '../src/config/load-config.js';

/** The page that the tables stand in. */
export const page = fileURLToPath(new URL('../../../docs/guide/configuration.md', import.meta.url));

const START = '<!-- tables: written by packages/experiment/scripts/configuration-guide.ts -->';
const END = '<!-- end of tables -->';

/** The page's text with its tables made anew: one table a group, with the values of the preset `tiny`. */
export async function withTables(text: string): Promise<string> {
  const tiny = flatten(await loadConfig({ preset: 'tiny' }));
  const leaves = [...configKeys(configSchema)].filter(([, { properties }]) => !properties);
  const groups = new Map<string, (typeof leaves)[number][]>();
  for (const leaf of leaves) {
    const group = leaf[0].includes('.') ? (leaf[0].split('.')[0] as string) : '';
    groups.set(group, [...(groups.get(group) ?? []), leaf]);
  }
  const tables = [...groups].map(([group, keys]) => [`### ${group || 'the run'}`, '', ...table(keys, tiny)].join('\n'));
  tables.unshift(await presetTable());
  const before = text.slice(0, text.indexOf(START) + START.length);
  const after = text.slice(text.indexOf(END));
  return format(`${before}\n\n${tables.join('\n\n')}\n\n${after}`, {
    parser: 'markdown',
    printWidth: 120,
    singleQuote: true,
  });
}

async function presetTable(): Promise<string> {
  const names = ['demo', 'small-data', 'tiny', 'small', 'base'];
  const columns = await Promise.all(names.map(async (preset) => flatten(await loadConfig({ preset }))));
  const keys = [...(columns[0] as Map<string, string>).keys()].filter(
    (key) => key !== 'preset' && new Set(columns.map((column) => column.get(key))).size > 1,
  );
  return [
    '### where the presets differ',
    '',
    `| key | ${names.map((name) => `\`${name}\``).join(' | ')} |`,
    `| --- | ${names.map(() => '---').join(' | ')} |`,
    ...keys.map((key) => `| \`${key}\` | ${columns.map((column) => `\`${column.get(key)}\``).join(' | ')} |`),
  ].join('\n');
}

function table(keys: readonly (readonly [string, KeySchema])[], values: ReadonlyMap<string, string>): string[] {
  const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);
  return [
    '| key | takes | `tiny` | |',
    '| --- | --- | --- | --- |',
    ...keys.map(
      ([key, schema]) =>
        `| \`${key}\` | ${cell(expected(schema))} | ${values.has(key) ? `\`${values.get(key)}\`` : ''} | ${cell(schema.description ?? '')} |`,
    ),
  ];
}

function flatten(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return new Map([[path, JSON.stringify(value)]]);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...flatten(inner, path ? `${path}.${key}` : key)]));
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await writeFile(page, await withTables(await readFile(page, 'utf8')));
