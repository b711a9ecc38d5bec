import { countParameters, disposeTree } from '@audio-ssl/params';
import { describe, expect, it } from 'vitest';
import { estimateMemory } from '../src/estimate-memory.js';
import { sizes } from '../src/sizes.js';
import { initMatpac } from '../src/state.js';
import { variants, type VariantName } from '../src/variants.js';

const batch = { batchSize: 8, visible: 19, masked: 46 };

describe('estimateMemory', () => {
  it.each(Object.keys(variants) as VariantName[])('counts the weights of %s as they are', (variant) => {
    for (const model of [sizes.demo, { ...sizes['small-data'], head: { ...sizes.demo.head, depth: 2 } }]) {
      const options = { ...variants[variant], model };
      const state = initMatpac(options, 0);
      const bytes = (tree: Parameters<typeof countParameters>[0]): number => 4 * countParameters(tree);
      const { student, teacher, moments, gradients } = estimateMemory(options, batch);
      expect(student).toBe(bytes(state.student));
      expect(teacher).toBe(bytes(state.teacher) + bytes(state.center ? { center: state.center } : {}));
      expect(moments).toBe(bytes(state.moments));
      expect(gradients).toBe(student);
      disposeTree(state);
    }
  });

  it('grows with the batch, and less where it is computed in parts or again', () => {
    const options = { ...variants.matpac, model: sizes.tiny };
    const once = estimateMemory(options, batch);
    expect(estimateMemory(options, { ...batch, batchSize: 16 }).activations).toBe(2 * once.activations);
    const parts = estimateMemory({ ...options, memory: { remat: false, accumulation: 2 } }, batch);
    expect(parts.activations).toBe(once.activations / 2);
    const again = estimateMemory({ ...options, memory: { remat: true, accumulation: 1 } }, batch);
    expect(again.activations).toBeLessThan(0.5 * once.activations);
    expect(again.student).toBe(once.student);
  });
});
