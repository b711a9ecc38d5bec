import { join } from 'node:path';
import { expectClose, sharedFolder } from '@audio-ssl/testing';
import { recordedRun } from '@audio-ssl/testing/recorded-run';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { cosineLoss, hypothesesLoss } from '../src/index.js';

const reference = sharedFolder('reference');

const open = (name: string) => recordedRun(join(reference!, name));

describe.skipIf(!reference)('the recorded runs of the authors, step 0', () => {
  it.each(['matpac-tiny', 'prediction-only-tiny'])('%s: cosine loss of every token', async (name) => {
    const { run, tensor } = open(name);
    const loss = cosineLoss(tensor('step0/z_hat_m'), tensor('step0/z_m'));
    await expectClose(loss, tensor('step0/loss_pred_per_token'), { absolute: 2e-6 }); // rounding of latents of length 8
    expect(Math.abs((await tf.mean(loss).data())[0]! / run.log[0].loss_pred - 1)).toBeLessThan(2e-6);
  });

  it('matpac-plusplus-tiny: loss of the hypotheses of every token', async () => {
    const { run, tensor } = open('matpac-plusplus-tiny');
    const { loss } = hypothesesLoss(tensor('step0/z_hat_m'), tensor('step0/z_m'), run.config.mcl_t, {
      hardBelow: run.mcl_temperature_end,
    });
    await expectClose(loss, tensor('step0/loss_pred_per_token'), { absolute: 1e-5 });
    expect(Math.abs((await tf.mean(loss).data())[0]! / run.log[0].loss_pred - 1)).toBeLessThan(2e-6);
  });
});
