import { maskOptionSpecs, maskStrategies, type MaskOptionName, type MaskOptions } from '@audio-ssl/masking';
import type { MaskStrategyName } from '@audio-ssl/masking';
import { z } from 'zod';

type OptionSchemas = {
  [Name in MaskOptionName]: z.ZodExactOptional<z.ZodType<Exclude<MaskOptions[Name], undefined>>>;
};

/** The configuration's group `masking`, made of the table of mask strategies: every option, its range and its default. */
export const maskingSchema = z.strictObject({
  strategy: z
    .enum(Object.keys(maskStrategies) as [MaskStrategyName, ...MaskStrategyName[]])
    .default('random')
    .describe('which patches are masked together'),
  ratio: z.number().gt(0).lt(1).default(0.7).describe('share of the patches that is masked'),
  ...(Object.fromEntries(
    Object.entries(maskOptionSpecs).map(([name, spec]) => [name, optionSchema(spec)]),
  ) as unknown as OptionSchemas), // a schema of each option's own type, as the table describes it
});

function optionSchema({
  integer,
  length,
  minimum,
  exclusiveMinimum,
  maximum,
  default: otherwise,
  description,
  strategies,
}: (typeof maskOptionSpecs)[MaskOptionName]): z.ZodType {
  let value: z.ZodNumber = integer ? z.int() : z.number();
  if (minimum !== undefined) value = value.min(minimum);
  if (exclusiveMinimum !== undefined) value = value.gt(exclusiveMinimum);
  if (maximum !== undefined) value = value.max(maximum);
  const schema =
    length === undefined ? value : z.tuple(Array.from({ length }, () => value) as [z.ZodNumber, ...z.ZodNumber[]]);
  const given = JSON.stringify(otherwise).replaceAll(',', ', ');
  return schema.exactOptional().describe(`${strategies.join(', ')}: ${description}; ${given} where not given`);
}
