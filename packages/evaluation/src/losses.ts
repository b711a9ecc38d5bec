/**
 * A loss over all clips of a training set. Takes the logits (N, K) and leaves in their place its derivative by them;
 * returns the sum over the clips.
 */
export type Loss = (logits: Float64Array) => number;

/** The summed cross-entropy -Σ_n log softmax(logits_n)[label_n]; its derivative is softmax(logits) - onehot(labels). */
export function crossEntropy(labels: Int32Array, classes: number): Loss {
  return (logits) => {
    let loss = 0;
    for (let n = 0; n < labels.length; n++) {
      const at = n * classes;
      let max = -Infinity;
      for (let k = at; k < at + classes; k++) if (logits[k]! > max) max = logits[k]!;
      const label = at + labels[n]!;
      const right = logits[label]!;
      let sum = 0;
      for (let k = at; k < at + classes; k++) sum += logits[k] = Math.exp(logits[k]! - max);
      loss += max + Math.log(sum) - right;
      for (let k = at; k < at + classes; k++) logits[k]! /= sum;
      logits[label]! -= 1;
    }
    return loss;
  };
}

/**
 * The summed binary cross-entropy Σ log(1 + e^z) - y z over the places whose label is known; its derivative is
 * sigmoid(z) - y there and 0 elsewhere.
 */
export function maskedBinaryCrossEntropy(values: Uint8Array, known: Uint8Array | undefined): Loss {
  return (logits) => {
    let loss = 0;
    for (let i = 0; i < logits.length; i++) {
      if (known && !known[i]) {
        logits[i] = 0;
        continue;
      }
      const z = logits[i]!;
      const tail = Math.exp(-Math.abs(z)); // log(1 + e^z) = max(z, 0) + log(1 + e^-|z|)
      loss += Math.max(z, 0) + Math.log1p(tail) - values[i]! * z;
      logits[i] = (z >= 0 ? 1 : tail) / (1 + tail) - values[i]!;
    }
    return loss;
  };
}
