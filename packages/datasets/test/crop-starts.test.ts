import type { Spectrogram } from '@audio-ssl/audio-frontend';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { cropStarts } from '../src/crop-starts.js';

/** All starts, counted anew for each: what the sums have to come to. */
function counted({ data, bins, frames }: Spectrogram, crop: number, maxSilence: number): number[] {
  const silent = Array.from({ length: frames }, (_, t) => {
    const column = Array.from({ length: bins }, (__, bin) => data[bin * frames + t]!);
    return column.every((value) => value === column[0]);
  });
  const silence = Array.from(
    { length: frames - crop + 1 },
    (_, start) => silent.slice(start, start + crop).filter(Boolean).length,
  );
  const allowed = Math.max(Math.min(...silence), maxSilence * crop);
  return silence.flatMap((count, start) => (count <= allowed ? [start] : []));
}

const sound = fc
  .record({
    runs: fc.array(fc.record({ silent: fc.boolean(), length: fc.integer({ min: 1, max: 12 }) }), {
      minLength: 1,
      maxLength: 9,
    }),
    crop: fc.integer({ min: 1, max: 20 }),
    maxSilence: fc.constantFrom(0, 0.25, 0.5, 0.9, 1),
  })
  .map(({ runs, crop, maxSilence }) => {
    const silent = runs.flatMap(({ silent: is, length }) => new Array<boolean>(length).fill(is));
    const [bins, frames] = [3, silent.length];
    const data = Float32Array.from({ length: bins * frames }, (_, i) =>
      silent[i % frames] ? -16 : Math.floor(i / frames),
    );
    return { spectrogram: { data, bins, frames }, crop: Math.min(crop, frames), maxSilence };
  });

test('are those that a count of every crop gives, in order', () => {
  fc.assert(
    fc.property(sound, ({ spectrogram, crop, maxSilence }) => {
      const starts = cropStarts(spectrogram, crop, maxSilence);
      expect(Array.from({ length: starts.count }, (_, place) => starts.at(place))).toEqual(
        counted(spectrogram, crop, maxSilence),
      );
    }),
  );
});

test('a spectrogram is searched once, whatever is drawn from it', () => {
  let reads = 0;
  const frames = 5000;
  const data = Float32Array.from({ length: 2 * frames }, (_, i) => (i % frames < 100 ? -16 : i % 7));
  const spectrogram: Spectrogram = {
    bins: 2,
    frames,
    get data() {
      reads++;
      return data;
    },
  };
  const starts = cropStarts(spectrogram, 50, 0.5);
  expect(reads).toBe(1);
  for (let draw = 0; draw < 1000; draw++) expect(cropStarts(spectrogram, 50, 0.5)).toBe(starts);
  expect(reads).toBe(1);
  expect(cropStarts(spectrogram, 60, 0.5)).not.toBe(starts); // other crops are another question
});
