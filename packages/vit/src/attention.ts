import { dense, initDense, type Dense } from '@audio-ssl/layers';
import { runFused, tidy, type Random } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/** Self-attention with one joint query-key-value map, under timm's names. */
export type Attention = { readonly qkv: Dense; readonly proj: Dense };

/** Xavier-uniform kernels, biases of zeros. */
export function initAttention(dim: number, random: Random): Attention {
  return { qkv: initDense(dim, 3 * dim, random), proj: initDense(dim, dim, random) };
}

/**
 * Multi-head self-attention (Vaswani et al. 2017, eq. 1): softmax(Q Kᵀ / sqrt(d)) V for each head of width d = D / H.
 *
 * @param params qkv (D, 3D) holding queries, keys and values in this order, each as H heads; proj (D, D).
 * @param tokens (B, N, D).
 * @param first only the tokens from here on ask; all are asked. 0 by default.
 * @returns (B, N - first, D).
 * @throws Error when D is not a multiple of the number of heads.
 */
export function attend({ qkv, proj }: Attention, tokens: tf.Tensor, numHeads: number, first = 0): tf.Tensor {
  return tidy(() => dense(proj, attentionCore(dense(qkv, tokens), numHeads, first)));
}

// The gradient of the whole operation. With P = softmax(Q Kᵀ s), O = P V and incoming G = dO:
//   dV = Pᵀ G,  dS = P * (G Vᵀ - rowsum(G * O)),  dQ = s dS K,  dK = s dSᵀ Q.
function attentionCore(qkv: tf.Tensor, numHeads: number, first: number): tf.Tensor {
  const [batch, count, triple] = qkv.shape as [number, number, number];
  const dim = triple / 3;
  if (!Number.isInteger(dim / numHeads)) {
    throw new Error(
      `attend: a width of ${dim} does not divide into ${numHeads} heads; choose numHeads as a divisor of embedDim`,
    );
  }
  return tf.getKernel('AudioSslAttention', tf.getBackend())
    ? fused(qkv, numHeads, first)
    : composed(qkv, { batch, count, numHeads, headDim: dim / numHeads, first });
}

function fused(qkv: tf.Tensor, heads: number, first: number): tf.Tensor {
  const op = tf.customGrad((...args) => {
    const [joint, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const [out, normalizer] = runFused('AudioSslAttention', { qkv: joint }, { heads, first }) as [tf.Tensor, tf.Tensor];
    save([joint, out, normalizer]);
    return {
      value: out,
      gradFunc: (dout: tf.Tensor, saved: tf.Tensor[]) => {
        const [j, o, n] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const inputs = { dout, qkv: j, out: o, normalizer: n };
        return runFused('AudioSslAttentionGrad', inputs, { heads, first })![0]!;
      },
    };
  });
  return op(qkv);
}

interface Sizes {
  readonly batch: number;
  readonly count: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly first: number;
}

function composed(qkv: tf.Tensor, { batch, count, numHeads, headDim, first }: Sizes): tf.Tensor {
  const dim = numHeads * headDim;
  const queries = count - first;
  const scale = headDim ** -0.5;
  const heads = batch * numHeads;

  const split = (x: tf.Tensor): [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D] => {
    const parts = tf.transpose(tf.reshape(x, [batch, count, 3, numHeads, headDim]), [2, 0, 3, 1, 4]); // (3, B, H, N, d)
    return tf.unstack(tf.reshape(parts, [3, heads, count, headDim])) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  };
  const merge = (x: tf.Tensor): tf.Tensor => {
    const tokens = tf.transpose(tf.reshape(x, [batch, numHeads, queries, headDim]), [0, 2, 1, 3]); // (B, Q, H, d)
    return tf.reshape(tokens, [batch, queries, dim]);
  };
  const splitOne = (x: tf.Tensor): tf.Tensor3D =>
    tf.reshape(tf.transpose(tf.reshape(x, [batch, queries, numHeads, headDim]), [0, 2, 1, 3]), [
      heads,
      queries,
      headDim,
    ]);

  const op = tf.customGrad((...args) => {
    const [joint, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const [all, k, v] = split(joint); // (BH, N, d) each
    const q = first === 0 ? all : tf.slice(all, [0, first, 0]); // (BH, Q, d)
    const scaled = tf.mul(q, scale);
    const p = tf.softmax(tf.matMul(scaled, k, false, true)); // (BH, Q, N)
    const out = tf.matMul(p, v); // (BH, Q, d)
    save([scaled, k, v, p, out]);
    return {
      value: merge(out), // (B, Q, D)
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [sq, sk, sv, sp, so] = saved as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
        const g = splitOne(dy);
        const dv = tf.matMul(sp, g, true, false);
        const dp = tf.matMul(g, sv, false, true);
        const ds = tf.mul(sp, tf.sub(dp, tf.sum(tf.mul(g, so), -1, true))) as tf.Tensor3D;
        const asked = tf.mul(tf.matMul(ds, sk), scale);
        const dq =
          first === 0
            ? asked
            : tf.pad(asked, [
                [0, 0],
                [first, 0],
                [0, 0],
              ]);
        const dk = tf.matMul(ds, sq, true, false);
        const parts = tf.reshape(tf.stack([dq, dk, dv]), [3, batch, numHeads, count, headDim]);
        return tf.reshape(tf.transpose(parts, [1, 3, 0, 2, 4]), [batch, count, 3 * dim]);
      },
    };
  });
  return op(qkv);
}
