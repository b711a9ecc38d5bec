import { seeded } from '@audio-ssl/testing';
import type { LinearProbeOptions } from '../src/index.js';

/** Clips of `classes` Gaussian blobs in four folds; `signal` is the distance of the blobs in standard deviations. */
export function blobs(
  rows: number,
  dims: number,
  classes: number,
  signal: number,
  seed = 0,
): Omit<LinearProbeOptions, 'protocol'> {
  const random = seeded(seed);
  const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const means = Array.from({ length: classes * dims }, () => signal * gauss());
  const labels = Int32Array.from({ length: rows }, (_, i) => i % classes);
  const data = Float32Array.from(
    { length: rows * dims },
    (_, i) => 5 + gauss() + means[labels[Math.floor(i / dims)]! * dims + (i % dims)]!,
  );
  const folds = Int32Array.from({ length: rows }, (_, i) => Math.floor(i / classes) % 4);
  return { features: { data, rows, dims }, labels, classes, folds };
}
