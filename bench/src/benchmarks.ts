import { readFileSync } from 'node:fs';
import type { Benchmark, Row } from './row.js';

/** Rows that are measured in turn and compared with each other, and how often. */
export interface Group {
  readonly rows: readonly Row[];
  /** Turns, each of a few runs of every row. */
  readonly turns: number;
  readonly runsPerTurn: number;
  /** Runs before that are not counted, 2 by default: a process still allocates, tunes and compiles. */
  readonly warmUps?: number;
  /** Measure new processes up to the end of their first run, one per turn, instead of further runs of the same ones. */
  readonly fresh?: boolean;
}

/** Without AMX or AVX-512's bfloat16 PyTorch's autocast takes 20 s for a step of `tiny` and minutes for one of `base`. */
const fastBfloat16 = /amx_bf16|avx512_bf16/.test(readFileSync('/proc/cpuinfo', 'utf8'));
const precisionsOf = (size: string): Row['precision'][] =>
  size === 'tiny' || fastBfloat16 ? ['float32', 'bf16'] : ['float32'];

/** What is measured, in order. */
export function groupsOf(benchmark: Benchmark): readonly Group[] {
  const group = (
    base: Omit<Row, 'implementation' | 'benchmark'>,
    implementations: string[],
    turns: number,
    runs: number,
  ): Group => ({
    rows: implementations.map((implementation) => ({ benchmark, ...base, implementation })),
    turns,
    runsPerTurn: runs,
  });
  switch (benchmark) {
    case 'step':
      return (
        [
          { size: 'tiny', batch: 16, turns: 6 },
          { size: 'base', batch: 4, turns: 3 },
        ] as const
      ).flatMap(({ size, batch, turns }) =>
        precisionsOf(size).map((precision) => {
          const ours = precision === 'bf16' ? ['compiled'] : ['eager', 'compiled']; // only graphs know bfloat16
          const once = precision === 'bf16' && !fastBfloat16;
          return group(
            { size, batch, precision, frames: 608 },
            [...ours, 'pytorch', 'pytorch-tuned'],
            once ? 1 : turns,
            once ? 1 : 3,
          );
        }),
      );
    case 'extract':
      return ['tiny', 'base'].flatMap((size) =>
        [1, 16].map((batch) =>
          group(
            { size, batch, precision: 'float32', frames: 998 },
            ['eager', 'compiled', 'pytorch', 'pytorch-tuned'],
            5,
            size === 'base' && batch > 1 ? 1 : 3,
          ),
        ),
      );
    case 'sound': {
      const sound = { size: '10 s', batch: 1, precision: 'float32' } as const;
      const groups = [
        ...[16_000, 44_100].map((sampleRate) =>
          group({ ...sound, sampleRate, goal: 0.5 }, ['ours', 'torchaudio'], 10, 10),
        ),
        ...(
          [
            ['FLAC', 44_100, 1.2],
            ['MP3', 44_100, 1.5],
            ['Vorbis', 44_100, 1.1],
            ['Opus', 48_000, 0.5],
          ] as const
        ).map(([format, sampleRate, goal]) =>
          group({ ...sound, format, sampleRate, goal }, ['ours', 'soundfile + torchaudio'], 10, 6),
        ),
      ];
      return groups.map((each) => ({ ...each, warmUps: 30 })); // V8 compiles WebAssembly again, and better, while it runs
    }
    case 'scale':
      return (
        [
          [1, 608],
          [4, 608],
          [64, 608],
          [8, 288],
          [8, 992],
          [8, 2992],
        ] as const
      ).map(([batch, frames]) =>
        group({ size: 'tiny', batch, precision: 'float32', frames }, ['compiled', 'pytorch-tuned'], 2, 2),
      );
    case 'loader':
      return [
        group({ size: 'tiny', batch: 16, precision: 'float32', frames: 192 }, ['step alone', 'loader and step'], 5, 8),
      ];
    case 'start':
      return [
        { size: 'tiny', batch: 16 },
        { size: 'base', batch: 4 },
      ].map((size) => ({
        ...group(
          { ...size, precision: 'float32', frames: 608 },
          ['compiled', 'eager', 'pytorch', 'pytorch-tuned'],
          2,
          1,
        ),
        fresh: true,
      }));
  }
}
