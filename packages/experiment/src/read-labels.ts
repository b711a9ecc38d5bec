import { parse } from 'csv-parse/sync';
import { readFile } from 'node:fs/promises';
import { decodeText } from './decode-text.js';
import { InputError } from './input-error.js';

/**
 * Reads class names in the order of a head's outputs from a file of the data set. It may be JSON that maps names to
 * indices or indices to names, or lists the names; a CSV table with a column of indices (`index` or `target`) and one of
 * names (`name`, `display_name` or `category`); a table without a header (`index,name`, such as FSD50K's vocabulary); or
 * plain lines. It is UTF-8, or UTF-16 with a byte order mark. A table with a column `mid` is AudioSet's, whose published head orders its outputs by that column.
 *
 * @param classes the number of classes of the head
 * @throws InputError when the file does not name each of them
 * @example
 * const labels = await readLabels('ESC-50/meta/esc50.csv', 50);
 */
export async function readLabels(path: string, classes: number): Promise<string[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${path}: ${error.code === 'ENOENT' ? 'no such file' : error.message}; check \`labels\``);
  });
  const text = decodeText(bytes, path);
  const pairs = /^\s*[[{]/.test(text) ? fromJson(path, text) : fromTable(path, text);
  const labels = new Map(pairs);
  const missing = Array.from({ length: classes }, (_, i) => i).filter((i) => !labels.has(i));
  if (missing.length > 0 || labels.size !== classes) {
    throw new InputError(
      `${path} names ${labels.size} classes, the head has ${classes}; is it the list of another task?`,
    );
  }
  return Array.from({ length: classes }, (_, i) => labels.get(i)!);
}

type Pairs = [index: number, label: string][];

function fromJson(path: string, text: string): Pairs {
  try {
    return Object.entries(JSON.parse(text) as Record<string, unknown>).map(([key, value]) =>
      typeof value === 'number' ? [value, key] : [Number(key), String(value)],
    );
  } catch (error) {
    throw new InputError(`${path} is not valid JSON (${(error as Error).message}); check \`labels\``);
  }
}

function fromTable(path: string, text: string): Pairs {
  const separator = otherSeparator(text);
  if (separator !== undefined)
    throw new InputError(`${path} is a table with ${separator} between its columns; expected commas, check \`labels\``);
  let rows: string[][];
  try {
    rows = parse(text, { skip_empty_lines: true, relax_column_count: true });
  } catch (error) {
    throw new InputError(`${path} is not a table (${(error as Error).message}); check \`labels\``);
  }
  const [header = [], ...rest] = rows;
  const column = (...names: string[]): number => header.findIndex((name) => names.includes(name));
  const [index, name, mid] = [column('index', 'target'), column('display_name', 'name', 'category'), column('mid')];
  if (name >= 0 && mid >= 0) {
    return [...rest].sort((a, b) => (a[mid]! < b[mid]! ? -1 : 1)).map((row, i) => [i, row[name]!]);
  }
  if (name >= 0 && index >= 0) return rest.map((row) => [Number(row[index]), row[name]!]);
  if (header.length > 1 && /^\d+$/.test(header[0]!)) return rows.map((row) => [Number(row[0]), row[1]!]);
  return rows.map((row, i) => [i, row.join(',')]);
}

/** What stands between the columns of a table, by its first line, if it is not a comma. */
function otherSeparator(text: string): 'tabs' | 'semicolons' | undefined {
  const [first = ''] = text.split(/[\r\n]/, 1);
  const known = /^(\d+|index|target|mid|name|display_name|category)$/;
  const cells = (separator: string): boolean => {
    const [cell = '', ...more] = first.split(separator);
    return more.length > 0 && known.test(cell.replaceAll('"', ''));
  };
  return cells('\t') ? 'tabs' : cells(';') ? 'semicolons' : undefined;
}
