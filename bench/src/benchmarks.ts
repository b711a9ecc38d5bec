import { readFileSync } from 'node:fs';
import type { Row } from './implementation.js';

/** Rows that are measured in turn and compared with each other, and how often. */
export interface Group {
  readonly rows: readonly Row[];
  /** Turns, each of a few runs of every row. */
  readonly turns: number;
  readonly runsPerTurn: number;
}

/** Names for `--only`. */
export const benchmarks = ['step', 'extract', 'logmel', 'scale', 'loader'] as const;

export type Benchmark = (typeof benchmarks)[number];

/** Without AMX or AVX-512's bfloat16 PyTorch's autocast takes minutes for a step of `base`. */
const hasBfloat16 = /amx_bf16|avx512_bf16/.test(readFileSync('/proc/cpuinfo', 'utf8'));
const precisionsOf = (size: string): Row['precision'][] =>
  size === 'tiny' || hasBfloat16 ? ['float32', 'bf16'] : ['float32'];

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
          return group(
            { size, batch, precision, frames: 608 },
            [...ours, 'pytorch', 'pytorch-tuned'],
            precision === 'bf16' ? 1 : turns,
            precision === 'bf16' ? 1 : 3,
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
    case 'logmel':
      return [16_000, 44_100].map((sampleRate) =>
        group({ size: '10 s', batch: 1, precision: 'float32', sampleRate }, ['ours', 'torchaudio'], 6, 5),
      );
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
  }
}
