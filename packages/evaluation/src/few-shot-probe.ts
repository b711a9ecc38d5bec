import { permutation, randomStream } from '@audio-ssl/params/random';
import type { ProbeRun } from './cross-validation.js';
import { checkTask, crossValidate } from './cross-validation.js';
import { checkClasses, summarize, type LinearProbeOptions, type ProbeResult } from './linear-probe.js';
import { singleLabel } from './objectives.js';
import { probeProtocols, type ExactProtocol } from './probe-protocols.js';

/** Options of {@link fewShotProbe}. */
export interface FewShotOptions extends Omit<LinearProbeOptions, 'protocol' | 'validationFold'> {
  /** Training clips of each class. */
  readonly shots: number;
  /** How often the training clips are drawn anew. Default 10. */
  readonly episodes?: number;
  /** Default `probeProtocols.exact`. */
  readonly protocol?: ExactProtocol;
}

/**
 * A {@link linearProbe} that learns from a few clips of each class: in each episode and for each tested fold, `shots` training
 * clips per class are drawn, and all clips of the fold are tested. Classes with fewer training clips give all they have.
 *
 * C is chosen inside the drawn clips. With one clip a class there is nothing to validate on: the smallest C is taken, at
 * which a clip goes to the class whose one clip, less the mean of all drawn, has the largest inner product with it.
 *
 * @returns as {@link linearProbe}, an episode being a seed: `perSeed` are the accuracies of the episodes and `seedInterval` is
 * their interval, `interval` that over clips.
 * @throws Error as {@link linearProbe}, and for shots or episodes below 1.
 * @example
 * const { accuracy, seedInterval } = await fewShotProbe({ features, labels, classes: 50, folds, shots: 5 });
 */
export async function fewShotProbe(options: FewShotOptions): Promise<ProbeResult> {
  const { features, labels, classes, folds, groups, shots, episodes = 10, seed = 0, onProgress, signal } = options;
  const { protocol = probeProtocols.exact } = options;
  for (const [name, value] of Object.entries({ shots, episodes })) {
    if (!(Number.isSafeInteger(value) && value >= 1)) {
      throw new Error(`fewShotProbe: expected ${name} to be a whole number above 0, got ${value}`);
    }
  }
  checkTask('fewShotProbe', options);
  checkClasses('fewShotProbe', options);
  const grid = shots === 1 ? [Math.min(...protocol.grid)] : protocol.grid;
  const outer = [...new Set(folds)].filter((fold) => fold >= 0).sort((a, b) => a - b);
  const random = randomStream(seed, 'shots');
  const runs: ProbeRun[] = [];
  for (let episode = 0; episode < episodes; episode++) {
    const logits = new Float32Array(features.rows * classes).fill(NaN);
    const perFold: ProbeRun['perFold'][number][] = [];
    for (const fold of outer) {
      const drawn = drawShots(fold);
      const rows = Int32Array.from(folds.keys()).filter((row) => folds[row] === fold || drawn.has(row));
      const [run] = (await crossValidate(
        'fewShotProbe',
        {
          features: pickRows(rows),
          classes,
          folds: Int32Array.from(rows, (row) => (folds[row] === fold ? fold : -1)),
          protocol: { ...protocol, grid },
          seed,
          ...(groups && { groups: Array.from(rows, (row) => groups[row]!) }),
          ...(signal && { signal }),
        },
        singleLabel(
          Int32Array.from(rows, (row) => labels[row]!),
          classes,
        ),
      )) as [ProbeRun];
      rows.forEach((row, i) => {
        if (folds[row] === fold) logits.set(run.logits.subarray(i * classes, (i + 1) * classes), row * classes);
      });
      perFold.push(...run.perFold);
      onProgress?.({ done: episode * outer.length + perFold.length, total: episodes * outer.length });
    }
    runs.push({ logits, perFold });
  }
  return summarize(options, runs);

  /** The first `shots` clips of each class, in random order, that are not in the fold. */
  function drawShots(fold: number): ReadonlySet<number> {
    const left = new Int32Array(classes).fill(shots);
    const order = permutation(features.rows, random);
    return new Set(Array.from(order).filter((row) => folds[row] !== fold && left[labels[row]!]!-- > 0));
  }

  function pickRows(rows: Int32Array): typeof features {
    const { dims } = features;
    const data = new Float32Array(rows.length * dims);
    rows.forEach((row, i) => data.set(features.data.subarray(row * dims, (row + 1) * dims), i * dims));
    return { data, rows: rows.length, dims };
  }
}
