import { parse } from 'csv-parse/sync';

import { readText } from './read-text.js';

/** A row of a table, and the line of the file in which it ends. */
export interface TableRow<Column extends string> {
  readonly values: { readonly [column in Column]: string } & { readonly [column: string]: string | undefined };
  readonly line: number;
}

/** What a table is expected to be. */
export interface TableOptions<Column extends string> {
  /** The function whose errors these are. */
  readonly caller: string;
  /** The columns that it must have. */
  readonly needed: readonly Column[];
  /** Its header, for messages. */
  readonly header: string;
}

/** Separators that other programs write. */
const otherSeparators = { ';': 'semicolons', '\t': 'tabs', '|': 'bars' } as const;

/**
 * Reads a table of values between commas, with a header. Quotes, a byte order mark, blank lines and any line ends are read
 * as they are meant.
 *
 * @throws Error naming file, line and the next step for what is no such table; the system's where it cannot be read
 */
export async function readTable<Column extends string>(
  path: string,
  { caller, needed, header }: TableOptions<Column>,
): Promise<TableRow<Column>[]> {
  const read = await readText(path);
  if ('problem' in read) throw new Error(`${caller}: ${path} ${read.problem}`);
  const { text } = read;
  const first = /^\s*([^\r\n]*)/.exec(text)![1]!;
  for (const [separator, name] of Object.entries(otherSeparators)) {
    const columns = first.split(separator).map(unquoted);
    if (first.includes(',') || columns.length < 2 || !needed.every((column) => columns.includes(column))) continue;
    throw new Error(
      `${caller}: ${path}, line 1: its values are separated by ${name}; expected commas: save it as CSV with commas`,
    );
  }
  let columns: readonly string[] = [];
  let rows: { readonly record: Record<string, string>; readonly info: { readonly lines: number } }[];
  try {
    rows = parse(text, {
      trim: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      info: true,
      columns: (names: string[]) => (columns = names),
    });
  } catch (error) {
    const { message, code } = error as Error & { readonly code?: string };
    const next = code?.includes('QUOTE')
      ? 'write a quote inside of quotes twice, and close what is opened'
      : 'put values that hold a comma in double quotes';
    throw new Error(`${caller}: ${path} is not a table: ${message}; expected the columns ${header}: ${next}`, {
      cause: error,
    });
  }
  const missing = needed.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    const what = `${path}: column ${missing.map((column) => `"${column}"`).join(', ')} is missing`;
    throw new Error(`${caller}: ${what}; expected the header ${header}, got ${columns.join(',') || 'an empty file'}`);
  }
  const twice = columns.find((column, i) => columns.indexOf(column) !== i);
  if (twice !== undefined) throw new Error(`${caller}: ${path}, line 1: column "${twice}" is there twice; rename one`);
  if (rows.length === 0) throw new Error(`${caller}: ${path} has a header and no rows; download the file again`);
  return rows.map(({ record, info }) => ({ values: record as TableRow<Column>['values'], line: info.lines }));
}

const unquoted = (value: string): string => value.trim().replace(/^"(.*)"$/, '$1');
