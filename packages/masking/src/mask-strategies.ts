import { blockMask, blockOptions } from './block-mask.js';
import { frequencyMask } from './frequency-mask.js';
import { inverseBlockMask } from './inverse-block-mask.js';
import { lineOptions } from './line-mask.js';
import type { MaskStrategy } from './mask.js';
import { multiBlockMask, multiBlockOptions } from './multi-block-mask.js';
import type { MaskOptionSpec } from './option-spec.js';
import { randomMask } from './random-mask.js';
import { timeMask } from './time-mask.js';

/**
 * An entry of {@link maskStrategies}.
 *
 * @example
 * const { title, source } = maskStrategies.block;
 */
export interface MaskStrategyEntry<Options = never, Specs = Readonly<Record<string, MaskOptionSpec>>> {
  /** Its name in prose. */
  readonly title: string;
  /** Makes the strategy from the mask ratio and the options below. */
  readonly create: (options: Options) => MaskStrategy;
  /** The options that it takes besides `ratio`, which every strategy takes. */
  readonly options: Specs;
  /** Where it comes from. */
  readonly source: string;
}

const entry = <Options, Specs>(made: MaskStrategyEntry<Options, Specs>): MaskStrategyEntry<Options, Specs> => made;

/**
 * Every mask strategy by the name that options and configurations use. A new strategy is a file and an entry here:
 * {@link createMask}, configurations and ablations find it in this table.
 *
 * @example
 * for (const [name, { title, source }] of Object.entries(maskStrategies)) console.log(name, title, source);
 */
export const maskStrategies = {
  random: entry({
    title: 'random',
    create: randomMask,
    options: {},
    source: 'MATPAC (arXiv 2502.12031), section 2.1, and MAE (arXiv 2111.06377), Table 1f',
  }),
  block: entry({
    title: 'block',
    create: blockMask,
    options: blockOptions,
    source: 'BEiT (arXiv 2106.08254), section 2.3',
  }),
  inverseBlock: entry({
    title: 'inverse block',
    create: inverseBlockMask,
    options: blockOptions,
    source: 'data2vec 2.0 (arXiv 2212.07525), section 3',
  }),
  time: entry({
    title: 'time',
    create: timeMask,
    options: lineOptions,
    source: 'Audio-MAE (arXiv 2207.06405), section 3',
  }),
  frequency: entry({
    title: 'frequency',
    create: frequencyMask,
    options: lineOptions,
    source: 'Audio-MAE (arXiv 2207.06405), section 3',
  }),
  multiBlock: entry({
    title: 'multi-block',
    create: multiBlockMask,
    options: multiBlockOptions,
    source: 'I-JEPA (arXiv 2301.08243), section 3',
  }),
} as const;

type Strategies = typeof maskStrategies;

/**
 * Name of a mask strategy.
 *
 * @example
 * const name: MaskStrategyName = 'inverseBlock';
 */
export type MaskStrategyName = keyof Strategies;

type KeyOf<Options> = Options extends unknown ? keyof Options : never;

/**
 * Name of an option that some strategy takes besides the ratio.
 *
 * @example
 * const name: MaskOptionName = 'span';
 */
export type MaskOptionName = KeyOf<Strategies[MaskStrategyName]['options']>;

type Both<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;
type OptionsOf<Name> = Name extends MaskStrategyName ? Omit<Parameters<Strategies[Name]['create']>[0], 'ratio'> : never;

/**
 * A strategy by name, its ratio and its options: what {@link createMask} takes and what a configuration holds.
 *
 * @example
 * const options: MaskOptions = { strategy: 'block', ratio: 0.7, block: [5, 5] };
 */
export type MaskOptions = {
  readonly strategy: MaskStrategyName;
  /** Share of masked tokens, in (0, 1). */
  readonly ratio: number;
} & Both<OptionsOf<MaskStrategyName>>;

/**
 * Every option that some strategy takes besides the ratio, with the strategies that take it.
 *
 * @example
 * maskOptionSpecs.span.strategies; // ['time', 'frequency']
 */
export const maskOptionSpecs: Readonly<
  Record<MaskOptionName, MaskOptionSpec & { readonly strategies: readonly MaskStrategyName[] }>
> = /* @__PURE__ */ collectOptions();

function collectOptions(): typeof maskOptionSpecs {
  const found = {} as Record<string, MaskOptionSpec & { readonly strategies: readonly MaskStrategyName[] }>;
  for (const [name, { options }] of Object.entries(maskStrategies) as [MaskStrategyName, MaskStrategyEntry][]) {
    for (const [option, spec] of Object.entries(options))
      found[option] = { ...spec, strategies: [...(found[option]?.strategies ?? []), name] };
  }
  return found as typeof maskOptionSpecs;
}

/**
 * The strategy that options name.
 *
 * @param options - `strategy`, a name of {@link maskStrategies}; `ratio`, the share of masked tokens in (0, 1); and the
 * options of that strategy
 * @throws RangeError for an unknown strategy, for an option that the strategy does not take, and for a value out of range
 *
 * @example
 * const strategy = createMask({ strategy: 'time', ratio: 0.7, span: 4 });
 * const mask = strategy({ freq: 5, time: 38 }, 64, Math.random); // (64, 55) and (64, 135)
 */
export function createMask({ strategy, ...options }: MaskOptions): MaskStrategy {
  if (!Object.hasOwn(maskStrategies, strategy))
    throw new RangeError(
      `createMask: expected a strategy of ${Object.keys(maskStrategies).join(', ')}, got ${strategy}; choose one of them`,
    );
  const { create, options: taken }: MaskStrategyEntry = maskStrategies[strategy];
  for (const option of Object.keys(options)) {
    if (option === 'ratio' || Object.hasOwn(taken, option)) continue;
    const others = Object.hasOwn(maskOptionSpecs, option) ? maskOptionSpecs[option as MaskOptionName].strategies : [];
    throw new RangeError(
      `createMask: expected ratio${Object.keys(taken)
        .map((name) => `, ${name}`)
        .join('')} with strategy ${strategy}, got ${option}; ` +
        (others.length > 0 ? `leave it out or choose strategy ${others.join(' or ')}` : 'leave it out'),
    );
  }
  return (create as (options: object) => MaskStrategy)(options);
}
