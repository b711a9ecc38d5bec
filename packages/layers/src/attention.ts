import { hasFused, runFused, tidy } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/** How {@link attention} divides its tokens. */
export interface AttentionOptions {
  /** Number of heads H, a divisor of the width D. */
  readonly numHeads: number;
  /** Only the tokens from here on have queries; keys and values are those of all. 0 by default. */
  readonly first?: number | undefined;
}

/**
 * Multi-head scaled dot-product attention (Vaswani et al. 2017, eq. 1): softmax(Q Kᵀ / √d) V for each head of width
 * d = D / H, the heads side by side, with the gradient of the whole operation. With P = softmax(Q Kᵀ s), O = P V and
 * incoming G = dO: dV = Pᵀ G, dS = P * (G Vᵀ - rowsum(G * O)), dQ = s dS K, dK = s dSᵀ Q.
 *
 * Where the backend has a fused kernel the matrix of scores is never in memory as a whole.
 *
 * @param qkv (B, N, 3D), float32: of each token its queries, keys and values, each as H heads of width d.
 * @returns (B, N - first, D).
 * @throws Error when the last axis is not 3D or D is not a multiple of the number of heads.
 * @example
 * const mixed = attention(dense(qkv, tokens), { numHeads: 3 }); // (B, N, 192) -> (B, N, 576) -> (B, N, 192)
 */
export function attention(qkv: tf.Tensor, { numHeads, first = 0 }: AttentionOptions): tf.Tensor3D {
  const dim = qkv.shape.at(-1)! / 3;
  if (qkv.rank !== 3 || !Number.isInteger(dim)) {
    throw new Error(
      `attention: expected queries, keys and values (B, N, 3D), got shape [${qkv.shape}]; join them in this order`,
    );
  }
  if (!Number.isInteger(dim / numHeads)) {
    throw new Error(
      `attention: expected a width that divides into ${numHeads} heads, got ${dim}; choose \`numHeads\` as a divisor of it`,
    );
  }
  const op = hasFused('attention') ? fused(numHeads, first) : composed(numHeads, first);
  return tidy(() => op(qkv) as tf.Tensor3D);
}

function fused(heads: number, first: number): (qkv: tf.Tensor) => tf.Tensor {
  return tf.customGrad((...args) => {
    const [qkv, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const [value, normalizer] = runFused('attention', { qkv }, { heads, first });
    save([qkv, value, normalizer]);
    return {
      value,
      gradFunc: (dout: tf.Tensor, saved: tf.Tensor[]) => {
        const [joint, out, sums] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        return runFused('attentionGrad', { dout, qkv: joint, out, normalizer: sums }, { heads, first })[0];
      },
    };
  });
}

function composed(numHeads: number, first: number): (qkv: tf.Tensor) => tf.Tensor {
  return tf.customGrad((...args) => {
    const [qkv, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const scale = (qkv.shape[2]! / 3 / numHeads) ** -0.5;
    const [q, k, v] = toHeads(qkv, 3, numHeads) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D]; // (BH, N, d) each
    const scaled = tf.mul(first === 0 ? q : tf.slice(q, [0, first, 0]), scale); // (BH, Q, d)
    const p = tf.softmax(tf.matMul(scaled, k, false, true)); // (BH, Q, N)
    const out = tf.matMul(p, v); // (BH, Q, d)
    save([scaled, k, v, p, out]);
    return {
      value: fromHeads([out], numHeads), // (B, Q, D)
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [sq, sk, sv, sp, so] = saved as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
        const [g] = toHeads(dy, 1, numHeads) as [tf.Tensor3D]; // (BH, Q, d)
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
        return fromHeads([dq, dk, dv], numHeads); // (B, N, 3D)
      },
    };
  });
}

/** (B, N, parts H d) -> `parts` tensors (B H, N, d). */
function toHeads(x: tf.Tensor, parts: number, numHeads: number): tf.Tensor[] {
  const [batch, count, width] = x.shape as [number, number, number];
  const dim = width / parts / numHeads;
  const apart = tf.transpose(tf.reshape(x, [batch, count, parts, numHeads, dim]), [2, 0, 3, 1, 4]); // (parts, B, H, N, d)
  return tf.unstack(tf.reshape(apart, [parts, batch * numHeads, count, dim]));
}

/** The inverse of {@link toHeads}. */
function fromHeads(parts: readonly tf.Tensor[], numHeads: number): tf.Tensor {
  const [heads, count, dim] = parts[0]!.shape as [number, number, number];
  const batch = heads / numHeads;
  const stacked = tf.reshape(tf.stack([...parts]), [parts.length, batch, numHeads, count, dim]);
  return tf.reshape(tf.transpose(stacked, [1, 3, 0, 2, 4]), [batch, count, parts.length * numHeads * dim]);
}
