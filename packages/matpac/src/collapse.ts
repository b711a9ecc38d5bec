import type { MatpacOptions } from './options.js';

// Of 1 / sqrt(D): normalised latents whose mean cosine is above 0.98 spread less. Sound runs stay above 0.24.
const LEAST_SPREAD = 0.15;
const LEAST_PERPLEXITY = 1.5;
// Odds of the most probable of K classes, in units of the 1 / (K - 1) of a uniform distribution. As a probability it is
// 2 / (K + 1), which for many classes is twice the uniform one and for few never certainty.
const LEAST_ODDS = 2;

/**
 * The collapses that the metrics of a step show, in words; usually an empty list. A function of the metrics alone, so that
 * a resumed run reports what an uninterrupted one would.
 *
 * - Latents that all point one way: their spread (see {@link spread}) is below 0.15 of the 1 / √D of random directions, for
 *   the teacher, whose latents are the targets, or for the student's predictions where they are trained.
 * - Pseudo-classes: one of them takes nearly all the mass (perplexity below 1.5), or none is preferred (the most probable
 *   class has on average less than 2 / (K + 1), twice the odds of chance): the two ways in which self-distillation
 *   collapses, which centring and sharpening balance (DINO, Caron et al. 2021, section 5.3).
 *
 * A single batch can look collapsed without being so (silence in every crop): take a sign seriously once it has lasted for
 * some steps.
 *
 * @param metrics what a step of {@link trainStep} measured; a metric that is absent shows nothing.
 * @example
 * const signs = signsOfCollapse({ 'teacher/spread': 0.001 }, options);
 * // ["the teacher's latents all point one way"]
 */
export function signsOfCollapse(
  metrics: Readonly<Record<string, number>>,
  { model: { encoder, head }, prediction }: Pick<MatpacOptions, 'model' | 'prediction'>,
): string[] {
  const below = (name: string, least: number): boolean => (metrics[name] ?? Infinity) < least;
  const spread = LEAST_SPREAD / Math.sqrt(encoder.embedDim);
  const confidence = LEAST_ODDS / (LEAST_ODDS + head.pseudoClasses - 1);
  return [
    below('teacher/spread', spread) && "the teacher's latents all point one way",
    prediction.weight > 0 && below('student/spread', spread) && "the student's predictions all point one way",
    below('classes/perplexity', LEAST_PERPLEXITY) && 'one pseudo-class takes nearly all patches',
    below('classes/confidence', confidence) && 'no pseudo-class is preferred for any patch',
  ].filter((sign) => sign !== false);
}
