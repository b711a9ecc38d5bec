/**
 * The decay that gives a run of `steps` updates the same forgetting over its length as `decay` gives a run of
 * `referenceSteps`: decay^(referenceSteps / steps), in double precision.
 *
 * The weight of the first teacher at the end of a run is the product of its decays; this keeps that product.
 *
 * @param decay in [0, 1].
 * @param options `referenceSteps`: updates of the run that the decay was chosen for; `steps`: updates of this run; both
 *   above 0.
 * @throws Error for a decay or a length out of range.
 * @example
 * rescaleDecay(0.99995, { referenceSteps: 294_816, steps: 600 }); // 0.9757...
 */
export function rescaleDecay(
  decay: number,
  { referenceSteps, steps }: { readonly referenceSteps: number; readonly steps: number },
): number {
  if (!(decay >= 0 && decay <= 1))
    throw new Error(`rescaleDecay: expected a decay in [0, 1], got ${decay}; e.g. 0.99995`);
  if (!(referenceSteps > 0 && steps > 0)) {
    throw new Error(
      `rescaleDecay: expected lengths above 0, got referenceSteps ${referenceSteps} and steps ${steps}; both count updates`,
    );
  }
  return decay ** (referenceSteps / steps);
}
