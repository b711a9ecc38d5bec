import type { Layout } from './kernel.js';

/** Whether the kernel's transform has this length: multiples of four of the factors 2, 3, 5 and 7. */
export function hasTransform(size: number): boolean {
  return size % 4 === 0 && radicesOf(size) !== undefined;
}

/**
 * Puts the tables of a transform, those of `createFft`, and returns what describes it: how many stages it has, and where
 * they are.
 */
export function putTransform(layout: Layout, size: number): readonly [count: number, stages: number] {
  const stages: number[] = [];
  let [rest, stride] = [size, 1];
  for (const radix of radicesOf(size)!) {
    const groups = rest / radix;
    const roots = new Float32Array(2 * rest);
    for (let p = 0; p < groups; p++) {
      for (let u = 0; u < radix; u++) {
        const angle = (-2 * Math.PI * p * u) / rest;
        roots[2 * (p * radix + u)] = Math.cos(angle);
        roots[2 * (p * radix + u) + 1] = Math.sin(angle);
      }
    }
    stages.push(radix, stride, groups, layout.put(roots));
    rest = groups;
    stride *= radix;
  }
  return [stages.length / 4, layout.put(Int32Array.from(stages))];
}

function radicesOf(size: number): number[] | undefined {
  const radices: number[] = [];
  let rest = size;
  for (const radix of [4, 5, 7, 3, 2]) {
    for (; rest % radix === 0; rest /= radix) radices.push(radix);
  }
  return rest === 1 ? radices : undefined;
}
