import { join } from 'node:path';
import { valueAndGrad } from '@audio-ssl/params';
import { expectClose, sharedFolder } from '@audio-ssl/testing';
import { recordedRun } from '@audio-ssl/testing/recorded-run';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { crossEntropy, project, pseudoClassUsage, sharpen, updateCenter, type Head } from '../src/index.js';

const reference = sharedFolder('reference');
const scalar = async (x: tf.Tensor): Promise<number> => (await x.data())[0]!;

function open(name: string) {
  const { run, tensor } = recordedRun(join(reference!, name));
  const kernel = (key: string): tf.Tensor => tf.transpose(tensor(key)); // PyTorch holds (out, in)
  const head = (prefix: string): Head => ({
    mlp: [0, 2, 4].map((i) => ({ kernel: kernel(`${prefix}mlp.${i}.weight`), bias: tensor(`${prefix}mlp.${i}.bias`) })),
    last_layer: { weight_g: tensor(`${prefix}last_layer.weight_g`), weight_v: kernel(`${prefix}last_layer.weight_v`) },
  });
  return { run, tensor, kernel, head };
}

describe.skipIf(!reference)('the recorded runs of the authors', () => {
  it.each(['matpac-tiny', 'matpac-plusplus-tiny', 'prediction-only-tiny', 'classification-only-tiny'])(
    '%s: the teacher at step 0 uses the recorded pseudo-classes',
    async (name) => {
      const { run, tensor, head } = open(name);
      const logits = project(head('init_teacher/cls_head.'), tensor('step0/z_m'));
      const { perplexity, distinct } = pseudoClassUsage(sharpen(logits, null, run.teacher_temp[0]));
      expect(Math.abs((await scalar(perplexity)) / run.log[0].perplexity - 1)).toBeLessThan(2e-6);
      expect(await scalar(distinct)).toBe(run.log[0].n_diff_target);
    },
  );

  it.each(['matpac-tiny', 'classification-only-tiny'])(
    '%s: cross-entropy of every token and the head gradients at step 0',
    async (name) => {
      const { run, tensor, kernel, head } = open(name);
      const latents = tensor('step0/z_hat_m'); // (B, M, D)
      const targets = sharpen(
        project(head('init_teacher/cls_head.'), tensor('step0/z_m')),
        tf.zeros([run.config.head_out]),
        run.teacher_temp[0],
      );
      const { aux, grads } = valueAndGrad((student: Head) => {
        const perToken = crossEntropy(project(student, latents), targets, run.student_temp);
        return { value: tf.mul(tf.mean(perToken), run.loss_weights.loss_cls), aux: { perToken } };
      }, head('init/cls_student_head.'));
      await expectClose(aux.perToken, tensor('step0/loss_cls_per_token'), { absolute: 1e-5 });

      const grad = 'step0/grad/cls_student_head.';
      const pairs: [tf.Tensor, tf.Tensor][] = [
        [grads.last_layer.weight_g as tf.Tensor, tensor(`${grad}last_layer.weight_g`)],
        [grads.last_layer.weight_v as tf.Tensor, kernel(`${grad}last_layer.weight_v`)],
        ...[0, 1, 2].flatMap((i): [tf.Tensor, tf.Tensor][] => [
          [grads.mlp[i]!.kernel as tf.Tensor, kernel(`${grad}mlp.${2 * i}.weight`)],
          [grads.mlp[i]!.bias as tf.Tensor, tensor(`${grad}mlp.${2 * i}.bias`)],
        ]),
      ];
      for (const [actual, expected] of pairs) {
        expect(actual.shape).toEqual(expected.shape);
        const relative = await scalar(tf.div(tf.norm(tf.sub(actual, expected)), tf.norm(expected)));
        expect(relative).toBeLessThan(2e-5);
      }
    },
  );

  it.each(['matpac-tiny', 'matpac-plusplus-tiny', 'prediction-only-tiny', 'classification-only-tiny'])(
    '%s: the centre keeps the mass of what it averages: 1 - 0.9^(updates applied)',
    async (name) => {
      // The recorded centre averages probabilities, so its mass depends on the momentum alone; `center_abs_mean` is mass / K.
      const { run, tensor } = open(name);
      const classes: number = run.config.head_out;
      let center: tf.Tensor = tf.zeros([classes]);
      for (const row of run.log) {
        expect(Math.abs((await scalar(tf.mean(center))) - row.center_abs_mean)).toBeLessThan(1e-8);
        if (row.step < run.steps - 1)
          center = updateCenter(center, tf.softmax(tf.randomNormal([2, 5, classes])), run.center_momentum);
      }
      await expectClose(tf.sum(center), tf.sum(tensor('final/center')), { absolute: 1e-6 });
    },
  );
});
