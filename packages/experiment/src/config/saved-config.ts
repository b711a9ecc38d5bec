import { DEFAULT_SEGMENT, type Config } from './config-schema.js';
import { parseConfig } from './load-config.js';

/**
 * Checks a configuration that was saved with a run or a suite. Keys that it is too old to have get the values that leave it
 * what it was: long recordings stay whole.
 *
 * @throws InputError as {@link loadConfig}
 * @example
 * const config = parseSavedConfig(JSON.parse(await readFile('config.json', 'utf8')).config);
 */
export function parseSavedConfig(input: unknown): Config {
  const data = (input as { readonly data?: unknown } | null | undefined)?.data;
  const isOld = typeof data === 'object' && data !== null && !Object.hasOwn(data, 'segment');
  return parseConfig(isOld ? { ...(input as object), data: { ...data, segment: null } } : input);
}

/**
 * The configuration with which saved work continues: the present one, but recordings that it left whole stay whole where
 * nothing else is asked for, as what it began with knew no `data.segment`.
 */
export function continuedConfig(saved: Config, now: Config): Config {
  const stays = saved.data.segment === null && now.data.segment === DEFAULT_SEGMENT;
  return stays ? { ...now, data: { ...now.data, segment: null } } : now;
}
