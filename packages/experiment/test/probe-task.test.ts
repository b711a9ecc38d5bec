import type { Clip } from '@audio-ssl/datasets';
import { describe, expect, it } from 'vitest';
import { probeTask } from '../src/probe/probe-task.js';

const task = (clips: readonly Omit<Clip, 'path'>[]) =>
  probeTask(
    {
      dataset: {
        ...{ name: 'sounds', root: '', skipped: [], classes: ['a', 'b'] },
        clips: clips.map((clip) => ({ ...clip, path: '' })),
      },
      kept: clips.map((_, i) => i),
      layout: 'esc50',
    },
    2,
  );

describe('probeTask', () => {
  const clips = [1, 1, 2, 2].flatMap((fold, i) => ['a', 'b'].map((label) => ({ id: `${label}${i}`, label, fold })));

  it("keeps clips of one recording together in resamples, in the data set's own folds too", () => {
    const groups = task(clips.map((clip) => ({ ...clip, group: clip.label }))).bootstrapGroups!;
    expect(groups[0]).toBe(groups[2]); // a, fold 1
    expect(groups[0]).not.toBe(groups[1]);
    // Some recordings of ESC-50 are in two of its folds: no clip of theirs may keep the probe from running.
    expect(groups[0]).not.toBe(groups[4]);
  });

  it('draws clips one by one where not every clip has a recording', () => {
    expect(task(clips).bootstrapGroups).toBeUndefined();
    expect(task(clips.map((clip, i) => (i === 0 ? clip : { ...clip, group: 'x' }))).bootstrapGroups).toBeUndefined();
  });
});
