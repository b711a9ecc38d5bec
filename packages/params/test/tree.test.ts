import { expectNoLeak } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { cloneTree, countParameters, disposeTree, fromLeaves, leaves, mapTree, zipTrees } from '../src/index.js';

const tree = () => ({ embed: { kernel: tf.zeros([2, 3]) }, blocks: [{ bias: tf.ones([3]) }, { bias: tf.ones([1]) }] });

describe('trees', () => {
  it('give every leaf its path', () => {
    expect(leaves(tree()).map(([path]) => path)).toEqual(['embed.kernel', 'blocks.0.bias', 'blocks.1.bias']);
    expect(countParameters(tree())).toBe(10);
  });

  it('keep their structure under a map, arrays included', () => {
    const shapes = mapTree(tree(), ({ shape }, path) => `${path} ${shape}`);
    expect(shapes).toEqual({
      embed: { kernel: 'embed.kernel 2,3' },
      blocks: [{ bias: 'blocks.0.bias 3' }, { bias: 'blocks.1.bias 1' }],
    });
  });

  it('walk together and refuse other structures by path', () => {
    const sums = zipTrees([tree(), tree()], ([a, b]) => a.size + (b as tf.Tensor).size);
    expect(sums.blocks[0]!.bias).toBe(6);
    const [other] = [{ ...tree(), blocks: [{ bias: tf.ones([3]) }] }];
    expect(() => zipTrees([tree(), other], ([a]) => a)).toThrow("'blocks.1' is in one tree and not in the other");
    expect(() => zipTrees([tree(), { ...tree(), embed: tf.zeros([1]) }], ([a]) => a)).toThrow("differ at 'embed'");
  });

  it('keep null where there is no tensor', () => {
    const gradients = { used: tf.ones([2]), unused: null };
    expect(mapTree(gradients, ({ size }) => size)).toEqual({ used: 2, unused: null });
    expect(zipTrees([gradients, { used: null, unused: tf.ones([1]) }], ([a, b]) => [a.size, b])).toEqual({
      used: [2, null],
      unused: null,
    });
    disposeTree(gradients);
    expect(gradients.used.isDisposed).toBe(true);
  });

  it('come back from their leaves and name what does not fit', () => {
    const source = tree();
    const byPath = new Map(leaves(source));
    expect(fromLeaves(tree(), byPath)).toEqual(source);
    byPath.delete('blocks.0.bias');
    byPath.set('cls_token', tf.ones([1]));
    expect(() => fromLeaves(tree(), byPath)).toThrow('missing: blocks.0.bias; left over: cls_token;');
  });

  it('share values with clones and free them apart', async () => {
    const original = tree();
    await expectNoLeak(() => cloneTree(original));
    const copy = cloneTree(original);
    disposeTree(original);
    expect([...(await copy.blocks[0]!.bias.data())]).toEqual([1, 1, 1]);
  });
});
