import type { DatasetLayout } from './dataset.js';
import { esc50 } from './open-esc50.js';
import { folder } from './open-folder.js';
import { nsynth } from './open-nsynth.js';

/**
 * Every layout by its name. What a configuration, a command or a report knows of layouts comes from this table: a new
 * one is a file and a line here.
 *
 * @example
 * const { clips } = await layouts.nsynth.open('examples/matpac/data');
 */
export const layouts = { folder, esc50, nsynth } as const satisfies Readonly<Record<string, DatasetLayout>>;

/** The name of a layout: a key of {@link layouts}. */
export type LayoutName = keyof typeof layouts;

/**
 * The names of all layouts, in the order of the table.
 *
 * @example
 * layoutNames.join(', '); // 'folder, esc50, nsynth'
 */
export const layoutNames = Object.keys(layouts) as readonly LayoutName[];

/**
 * The names of the layouts whose clips have labels: those that can be probed.
 *
 * @example
 * labelledLayouts.join(', '); // 'esc50, nsynth'
 */
export const labelledLayouts: readonly LayoutName[] = layoutNames.filter((name) => layouts[name].labelled);

/**
 * The labelled layout of a folder, the first that fits, or `undefined` where none does. Looks for its table, and reads
 * nothing.
 *
 * @example
 * const layout = (await detectLayout('ESC-50-master')) ?? 'folder'; // 'esc50'
 */
export async function detectLayout(root: string): Promise<LayoutName | undefined> {
  for (const name of layoutNames) if (await layouts[name].detect(root)) return name;
  return undefined;
}
