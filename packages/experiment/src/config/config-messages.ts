import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';

/** What one key takes: the part of JSON Schema that zod writes for it. */
export type KeySchema = z.core.JSONSchema.BaseSchema;

/**
 * The mistakes that a schema found as messages that name the key, the value and what is allowed.
 *
 * @param schema the object schema that refused
 * @param input what it was given
 * @returns one message for each problem, such as `batchSize: expected a whole number from 1 to 65536, got 0`
 * @example
 * const messages = configMessages(configSchema, value, configSchema.safeParse(value).error!);
 */
export function configMessages(schema: z.ZodType, input: unknown, error: z.ZodError): string[] {
  const keys = configKeys(schema);
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path.join('.'), key, keys));
    if (issue.code === 'custom') return [`${path.join('.')}: ${issue.message}`];
    if (path.length === 0) return [`expected a group of keys, got ${JSON.stringify(input) ?? 'nothing'}`];
    // A value inside a list is named by the list, whose description says what its values may be.
    const key = keys.has(path.join('.')) ? path : path.slice(0, -1);
    const known = keys.get(key.join('.'));
    const value = key.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], input);
    // JSON has no words for NaN and Infinity
    const got = value === undefined ? 'nothing' : typeof value === 'number' ? String(value) : JSON.stringify(value);
    const meant = known && suggestion(key.join('.'), value, known);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    return [`${key.join('.')}: expected ${known ? expected(known) : issue.message}, got ${got}${hint}`];
  });
}

/**
 * Lists every key of an object schema, groups (`a`) before what is in them (`a.b`), with what it takes.
 *
 * @example
 * const { description } = configKeys(configSchema).get('masking.ratio')!;
 */
export function configKeys(schema: z.ZodType): Map<string, KeySchema> {
  const list = (node: KeySchema, path: string): [string, KeySchema][] => [
    ...(path === '' ? [] : [[path, node] as [string, KeySchema]]),
    ...Object.entries(fields(node)).flatMap(([key, child]) => list(child as KeySchema, path ? `${path}.${key}` : key)),
  ];
  return new Map(list(z.toJSONSchema(schema, { io: 'input' }), ''));
}

/**
 * Says in words what a key takes: a range, a list of words, or a type.
 *
 * @example
 * expected(configKeys(configSchema).get('seed')!); // a whole number from 0 to 2147483647
 */
export function expected(schema: KeySchema): string {
  const { type, anyOf, items, prefixItems } = schema;
  if (schema.enum) return `one of ${schema.enum.join(', ')}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (anyOf) return anyOf.map((option) => expected(option as KeySchema)).join(' or ');
  if (prefixItems) return `a list of ${prefixItems.map((item) => expected(item as KeySchema)).join(' and ')}`;
  if (type === 'array') return `a list, each ${expected(items as KeySchema)}`;
  if (type === 'number' || type === 'integer')
    return [type === 'integer' ? 'a whole number' : 'a number', bounds(schema)].filter(Boolean).join(' ');
  if (type === 'object') return `a group of the keys ${Object.keys(fields(schema)).join(', ')}`;
  if (type === 'boolean') return 'true or false';
  return type === 'null' ? 'null' : 'text';
}

/** What others call a choice, for which no letters tell. */
const otherWords: Readonly<Record<string, string>> = {
  half: 'bf16',
  fp16: 'bf16',
  float16: 'bf16',
  bfloat16: 'bf16',
  'bf16-mixed': 'bf16',
  '16-mixed': 'bf16',
  fp32: 'float32',
  single: 'float32',
};

/** The nearest right value for a wrong one; undefined where none is near. */
function suggestion(key: string, value: unknown, schema: KeySchema): string | undefined {
  if (Array.isArray(value)) {
    const items = schema.items as KeySchema | undefined;
    const wrong = (value as unknown[]).find((item) => !(items?.enum as unknown[] | undefined)?.includes(item));
    return items && suggestion(key, wrong, items);
  }
  if (typeof value !== 'string') return undefined;
  if (schema.enum) {
    const words = schema.enum.map(String);
    const other = otherWords[value.toLowerCase()];
    if (other !== undefined && words.includes(other)) return `"${other}"`;
    const near = closest(value.toLowerCase(), words);
    return distance(value.toLowerCase(), near.toLowerCase()) > value.length / 2 ? undefined : `"${near}"`;
  }
  // A length of time with its unit, for a key that has one.
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(s|sec|m|min|h)$/.exec(value.trim()) ?? [];
  const described = /second/.test(String(schema.description)) ? 1 : 0;
  const inKey = key === 'minutes' ? 60 : described;
  if (number === undefined || inKey === 0) return undefined;
  return String((Number(number) * (unit.startsWith('s') ? 1 : unit.startsWith('m') ? 60 : 3600)) / inKey);
}

function bounds({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: KeySchema): string {
  const high = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (minimum !== undefined && high !== undefined) return `from ${minimum} to ${high}`;
  const low =
    minimum !== undefined
      ? `of at least ${minimum}`
      : exclusiveMinimum !== undefined
        ? `above ${exclusiveMinimum}`
        : '';
  const top = high !== undefined ? `up to ${high}` : exclusiveMaximum !== undefined ? `below ${exclusiveMaximum}` : '';
  return [low, top].filter(Boolean).join(' and ');
}

function unknownKey(group: string, key: string, keys: ReadonlyMap<string, KeySchema>): string {
  const unknown = `unknown key "${group ? `${group}.` : ''}${key}"`;
  if (group === '' && keys.has(key)) {
    const written = key
      .split('.')
      .reduceRight((inner, part) => `{ ${part}: ${inner} }`, '...')
      .slice(2, -2);
    return `${unknown} with a dot in its name; in YAML write it as a group, ${written}`;
  }
  const last = (known: string): string => known.slice(known.lastIndexOf('.') + 1);
  const siblings = [...keys.keys()].filter((known) => known === (group ? `${group}.` : '') + last(known));
  const near = closest(key, [...siblings, ...keys.keys()].map(last));
  if (distance(key, near) > key.length / 2)
    return `${unknown}; ${group ? `the keys of "${group}" are` : 'the keys are'} ${siblings.map(last).join(', ')}`;
  return `${unknown}; did you mean "${[...siblings, ...keys.keys()].find((known) => last(known) === near)}"?`;
}

function fields({ properties, anyOf }: KeySchema): Readonly<Record<string, unknown>> {
  return (
    properties ?? (anyOf?.find((option) => (option as KeySchema).properties) as KeySchema | undefined)?.properties ?? {}
  );
}
