import { disposeTree, leaves } from '@audio-ssl/params';
import { readSafetensors } from '@audio-ssl/tensor-files';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpoint, readLog, train, type Fingerprint, type StepEvent } from '../src/index.js';
import { regression, type State } from './fixtures/regression.js';

let directory: string;
let warnings: string[];
const onWarning = (message: string): void => void warnings.push(message);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trainer-'));
  warnings = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const values = async (state: State): Promise<[string, number[]][]> =>
  Promise.all(leaves(state).map(async ([path, leaf]) => [path, [...(await leaf.data())]] as [string, number[]]));
const unbroken = async (steps: number): Promise<[string, number[]][]> => {
  const folder = join(directory, `unbroken-${steps}`);
  const { state } = await train(regression(folder, steps));
  const found = await values(state);
  disposeTree(state);
  return found;
};
const checkpoints = (folder = directory): Promise<string[]> =>
  readdir(join(folder, 'checkpoints')).then((names) => names.sort());

describe('train', () => {
  it('runs the step over all batches and keeps the number of tensors constant', async () => {
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    const events: StepEvent[] = [];
    const { state, completed, step } = await train({
      ...regression(directory, 30),
      onStep: (event) => {
        events.push(event);
        counts.push(tf.memory().numTensors);
      },
    });
    expect({ completed, step }).toEqual({ completed: true, step: 30 });
    expect(new Set(counts)).toEqual(new Set([before + leaves(state).length]));
    expect(events.map((event) => event.step)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(events[29]!.metrics['loss']).toBeLessThan(events[0]!.metrics['loss']! / 4);
    expect(events[10]!.stepsPerSecond).toBeGreaterThan(0);
    expect(events[10]!.secondsLeft).toBeCloseTo(19 / events[10]!.stepsPerSecond, 9);
    expect(events[29]!.secondsLeft).toBe(0);
    disposeTree(state);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('resumes bit for bit: 4 steps are 2 steps, a checkpoint, and 2 steps', async () => {
    const whole = await unbroken(4);
    const first = await train(regression(directory, 2));
    disposeTree(first.state);
    const before = tf.memory().numTensors;
    const second = await train(regression(directory, 4));
    expect(second.step).toBe(4);
    expect(await values(second.state)).toEqual(whole);
    disposeTree(second.state);
    expect(tf.memory().numTensors).toBe(before);
    expect((await readLog(directory)).map(({ step }) => step)).toEqual([0, 1, 2, 3]);
  });

  it('does nothing to a run that is complete', async () => {
    disposeTree((await train(regression(directory, 3))).state);
    const log = await readFile(join(directory, 'log.jsonl'), 'utf8');
    const { state, completed, step } = await train({
      ...regression(directory, 3),
      step: () => {
        throw new Error('a step ran');
      },
    });
    expect({ completed, step }).toEqual({ completed: true, step: 3 });
    disposeTree(state);
    expect(await readFile(join(directory, 'log.jsonl'), 'utf8')).toBe(log);
  });

  it('stops at a signal after the step it is in, and resumes later', async () => {
    const whole = await unbroken(6);
    const controller = new AbortController();
    const options = regression(directory, 6);
    const stopped = await train({
      ...options,
      signal: controller.signal,
      step: (state, batch, scalars) => {
        if (state.count.dataSync()[0] === 3) controller.abort();
        return options.step(state, batch, scalars);
      },
    });
    expect({ completed: stopped.completed, step: stopped.step }).toEqual({ completed: false, step: 4 });
    disposeTree(stopped.state);
    expect((await readCheckpoint(directory))?.step).toBe(4);
    const { state, completed } = await train(options);
    expect(completed).toBe(true);
    expect(await values(state)).toEqual(whole);
    disposeTree(state);
  });

  it('stops when the batch source gives up because of the signal, and passes other errors on', async () => {
    const controller = new AbortController();
    const before = tf.memory().numTensors;
    const options = regression(directory, 6);
    const failing = (step: number, reason: () => void) =>
      step < 2 ? options.batchAt(step) : (reason(), Promise.reject(new Error('batch 2 cannot be read')));
    const { state, step, completed } = await train({
      ...options,
      signal: controller.signal,
      batchAt: (step) => failing(step, () => controller.abort()),
    });
    expect({ completed, step }).toEqual({ completed: false, step: 2 });
    disposeTree(state);
    await expect(train({ ...options, batchAt: (step) => failing(step, () => undefined) })).rejects.toThrow(
      'batch 2 cannot',
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keeps the two newest checkpoints, by steps and by seconds', async () => {
    disposeTree((await train({ ...regression(directory, 7), checkpointEvery: { steps: 2 } })).state);
    expect(await checkpoints()).toEqual(['step-00000006.safetensors', 'step-00000007.safetensors']);

    const other = join(directory, 'by-seconds');
    const seen: number[] = [];
    const options = regression(other, 4);
    const { state } = await train({
      ...options,
      checkpointEvery: { seconds: 1e-6 }, // due after every step
      batchAt: async (step) => {
        seen.push((await readCheckpoint(other))?.step ?? 0);
        return options.batchAt(step);
      },
    });
    disposeTree(state);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('falls back to the checkpoint before a damaged one, and says so', async () => {
    const whole = await unbroken(6);
    disposeTree((await train({ ...regression(directory, 4), checkpointEvery: { steps: 2 } })).state);
    const newest = join(directory, 'checkpoints', 'step-00000004.safetensors');
    const bytes = await readFile(newest);
    for (const damaged of [
      bytes.subarray(0, bytes.length - 5),
      bytes.subarray(0, 20),
      Buffer.alloc(bytes.length),
      Buffer.alloc(0),
    ]) {
      await writeFile(newest, damaged);
      warnings = [];
      expect((await readCheckpoint(directory, { onWarning }))?.step).toBe(2);
      expect(warnings).toEqual([expect.stringContaining('step-00000004.safetensors')]);
    }
    warnings = [];
    const { state } = await train({ ...regression(directory, 6), onWarning });
    expect(warnings).toHaveLength(1);
    expect(await values(state)).toEqual(whole);
    disposeTree(state);
    expect((await readLog(directory)).map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await checkpoints()).toEqual([
      'step-00000002.safetensors',
      'step-00000004.safetensors.damaged',
      'step-00000006.safetensors',
    ]);
  });

  it('refuses to start over when every checkpoint is damaged', async () => {
    disposeTree((await train(regression(directory, 2))).state);
    await writeFile(join(directory, 'checkpoints', 'step-00000002.safetensors'), 'nothing');
    await expect(train({ ...regression(directory, 4), onWarning })).rejects.toThrow(
      /none of the 1 checkpoints.*another `directory`/,
    );
  });

  it('refuses another configuration and other shapes, naming what differs', async () => {
    const before = tf.memory().numTensors;
    disposeTree((await train(regression(directory, 2))).state);
    const options = regression(directory, 4);
    await expect(
      train({ ...options, fingerprint: { seed: 2, model: { dims: 8, ballast: 0, depth: 3 } } }),
    ).rejects.toThrow(
      /seed is 1 in the run and 2 now, model\.depth is not set in the run and 3 now;.*another `directory`/,
    );
    const count = (): tf.Tensor => tf.scalar(0, 'int32');
    const other = (): State => ({
      weights: tf.zeros([9, 1]),
      moments: [tf.zeros([8, 1])],
      count: count(),
      ballast: tf.zeros([0]),
    });
    await expect(train({ ...options, initial: other })).rejects.toThrow("'weights' is [8x1], expected [9x1]");
    const more = () => ({ weights: tf.zeros([8, 1]), extra: tf.scalar(1), count: count(), ballast: tf.zeros([0]) });
    await expect(train({ ...options, initial: more as unknown as () => State })).rejects.toThrow(
      /'extra' is missing, 'moments\.0' is left over/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([NaN, Infinity])(
    'stops at a loss of %s, naming step and metric, and keeps the last good checkpoint',
    async (bad) => {
      const before = tf.memory().numTensors;
      const options = regression(directory, 6);
      await expect(
        train({
          ...options,
          checkpointEvery: { steps: 2 },
          step: async (state, batch, scalars) => {
            const result = await options.step(state, batch, scalars);
            return state.count.dataSync()[0] === 3
              ? { ...result, metrics: { ...result.metrics, 'loss/prediction': tf.scalar(bad) } }
              : result;
          },
        }),
      ).rejects.toThrow(new RegExp(`'loss/prediction' is ${bad} at step 3; the last checkpoint is .*step-00000002`));
      expect(tf.memory().numTensors).toBe(before);
      expect((await readCheckpoint(directory))?.step).toBe(2);
      expect((await readLog(directory)).map(({ step }) => step)).toEqual([0, 1, 2]);
    },
  );

  it('never writes a state that holds NaN', async () => {
    const options = regression(directory, 3);
    const broken = train({
      ...options,
      checkpointEvery: { steps: 1 },
      step: async (state, batch, scalars) => {
        const result = await options.step(state, batch, scalars);
        if (state.count.dataSync()[0]! < 1) return result;
        result.state.weights.dispose();
        return { ...result, state: { ...result.state, weights: tf.mul(state.weights, NaN) } };
      },
    });
    await expect(broken).rejects.toThrow(/after 2 steps 'weights' holds NaN.*step-00000001/);
    expect((await readCheckpoint(directory))?.step).toBe(1);
  });

  it('logs remarks on the figures, hooks included, in a resumed run as in an unbroken one', async () => {
    const told: (readonly string[])[] = [];
    const remarked = (steps: number) => ({
      ...regression(directory, steps),
      hooks: [{ every: 2, run: () => ({ 'probe/odd': 1 }) }],
      notesOf: (metrics: Readonly<Record<string, number>>) => (metrics['probe/odd'] === 1 ? ['the probe ran'] : []),
      onStep: ({ notes }: StepEvent) => void told.push(notes),
    });
    disposeTree((await train(remarked(3))).state);
    disposeTree((await train(remarked(4))).state);
    const expected = [[], ['the probe ran'], ['the probe ran'], ['the probe ran']]; // the last step of a session probes, too
    expect(told).toEqual(expected);
    const log = await readLog(directory);
    expect(log.map(({ notes }) => notes ?? [])).toEqual(expected);
    expect('notes' in log[0]!).toBe(false);
  });

  it('runs hooks on the borrowed state and logs what they return', async () => {
    const seen: number[] = [];
    const { state } = await train({
      ...regression(directory, 5),
      hooks: [
        {
          every: 2,
          run: ({ step, state }) => {
            seen.push(step);
            return { 'probe/count': state.count.dataSync()[0]! };
          },
        },
      ],
    });
    disposeTree(state);
    expect(seen).toEqual([2, 4, 5]);
    expect((await readLog(directory)).map(({ metrics }) => metrics['probe/count'])).toEqual([
      undefined,
      2,
      undefined,
      4,
      5,
    ]);
  });

  it('lets a step hand on tensors that it leaves unchanged', async () => {
    const options = regression(directory, 3);
    const before = tf.memory().numTensors;
    const { state } = await train({
      ...options,
      step: async (state, batch, scalars) => {
        const { state: next, metrics } = await options.step(state, batch, scalars);
        next.count.dispose();
        return { state: { ...next, count: state.count }, metrics };
      },
    });
    expect((await state.count.data())[0]).toBe(0);
    disposeTree(state);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('tolerates a log whose last line was cut off, and names a damaged line elsewhere', async () => {
    disposeTree((await train(regression(directory, 2))).state);
    const path = join(directory, 'log.jsonl');
    const text = await readFile(path, 'utf8');
    await writeFile(path, `${text}{"step":2,"ti`);
    expect((await readLog(directory)).map(({ step }) => step)).toEqual([0, 1]);
    disposeTree((await train(regression(directory, 4))).state);
    const entries = await readLog(directory);
    expect(entries.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expect(entries.every(({ seconds, time }) => seconds > 0 && !Number.isNaN(Date.parse(time)))).toBe(true);
    await writeFile(path, `{"step"\n${text}`);
    await expect(readLog(directory)).rejects.toThrow(/log\.jsonl, line 1 is not JSON/);
    expect(await readLog(join(directory, 'nowhere'))).toEqual([]);
  });

  it('tells of a log that is gone or has gaps, and goes on', async () => {
    const path = join(directory, 'log.jsonl');
    disposeTree((await train(regression(directory, 3))).state);
    const [, ...rest] = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, rest.join('\n'));
    disposeTree((await train({ ...regression(directory, 4), onWarning })).state);
    await rm(path);
    disposeTree((await train({ ...regression(directory, 5), onWarning })).state);
    expect(warnings).toEqual([
      expect.stringContaining('log.jsonl lacks 1 of the 3 steps before the checkpoint'),
      expect.stringContaining('log.jsonl lacks 4 of the 4 steps'),
    ]);
    expect((await readLog(directory)).map(({ step }) => step)).toEqual([4]);
  });

  it('writes into a checkpoint what else it should say, and takes what its fingerprint stands for now', async () => {
    const metadata = { method: 'regression', heads: '2' };
    disposeTree((await train({ ...regression(directory, 2), metadata })).state);
    const [name] = await checkpoints();
    const file = readSafetensors(await readFile(join(directory, 'checkpoints', name!)));
    expect(file.metadata).toMatchObject({ ...metadata, step: '2' });
    const now = { ...regression(directory, 3), fingerprint: { seed: 2 } };
    await expect(train(now)).rejects.toThrow('seed is 1 in the run and 2 now');
    const seen: unknown[] = [];
    const upgradeFingerprint = (saved: Fingerprint): Fingerprint => {
      seen.push(saved);
      return { seed: 2 };
    };
    const { state, step } = await train({ ...now, upgradeFingerprint });
    disposeTree(state);
    expect(step).toBe(3);
    expect(seen).toEqual([regression(directory, 2).fingerprint]);
    expect((await readCheckpoint(directory))?.fingerprint).toEqual({ seed: 2 });
  });

  it('refuses options out of range', async () => {
    const options = regression(directory, 2);
    await expect(train({ ...options, steps: 0 })).rejects.toThrow('steps of 1 or more, got 0');
    await expect(train({ ...options, checkpointEvery: { seconds: 0 } })).rejects.toThrow(
      'checkpointEvery.seconds above 0',
    );
    await expect(train({ ...options, hooks: [{ every: 0, run: () => undefined }] })).rejects.toThrow('hooks[0].every');
  });
});
