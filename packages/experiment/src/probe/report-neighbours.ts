import { nearestNeighbours, type Features } from '@audio-ssl/evaluation';
import type { ReportNeighbours } from '@audio-ssl/report';
import type { OpenClips } from '../open-clips.js';
import { reportSound } from '../report-sound.js';
import type { SoundSettings } from '../sound-settings.js';

const QUERIES = 6;
const NEAREST = 4;

/** A few clips, each of another class, with those of other groups that lie nearest to them, and their sounds. */
export async function reportNeighbours(
  features: Features,
  { dataset, kept }: Pick<OpenClips, 'dataset' | 'kept'>,
  settings: SoundSettings,
): Promise<readonly ReportNeighbours[]> {
  const clips = kept.map((index) => dataset.clips[index]!);
  const { indices, similarities, k } = await nearestNeighbours(features, {
    k: Math.min(NEAREST, features.rows - 1),
    groups: clips.map(({ group, id }) => group ?? id),
  });
  const sound = async (row: number) => {
    const { path, id, label } = clips[row]!;
    return reportSound(path, id, { ...settings, label });
  };
  return Promise.all(
    spread(clips.map(({ label }) => label)).map(async (row) => {
      const found = Array.from({ length: k }, (_, i) => row * k + i).filter((at) => indices[at]! >= 0);
      return {
        query: await sound(row),
        neighbours: await Promise.all(
          found.map(async (at) => ({ sound: await sound(indices[at]!), similarity: similarities[at]! })),
        ),
      };
    }),
  );
}

/** A few rows, each of another class, evenly over the classes and not chosen by how well they turned out. */
function spread(labels: readonly (string | undefined)[]): readonly number[] {
  const byLabel = new Map<string | undefined, number[]>();
  for (const [row, label] of labels.entries()) byLabel.set(label, [...(byLabel.get(label) ?? []), row]);
  const middle = [...byLabel.values()].map((list) => list[Math.floor(list.length / 2)]!);
  const wanted = Math.min(QUERIES, middle.length);
  return Array.from({ length: wanted }, (_, i) => middle[Math.floor((i * middle.length) / wanted)]!);
}
