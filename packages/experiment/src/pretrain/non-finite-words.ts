import { newestCheckpoint, runFiles, writeJson, type NonFiniteEvent } from '@audio-ssl/trainer';
import { join } from 'node:path';
import type { BatchSource } from './batch-source.js';

const SHOWN = 3;

/**
 * Keeps what was in the batch of a step whose figures were not finite, and says it, with the next step. The state before it
 * is that of the last checkpoint and the steps since, which are repeated bit for bit.
 */
export async function nonFiniteWords(
  out: string,
  source: Pick<BatchSource, 'clipsAt'>,
  { step, metrics }: NonFiniteEvent,
): Promise<string> {
  const clips = await source.clipsAt(step);
  const path = join(out, runFiles.nonFinite, `step-${step}.json`);
  // JSON has no NaN and no Infinity.
  const figures = Object.entries(metrics).map(([name, value]) => [
    name,
    Number.isFinite(value) ? value : String(value),
  ]);
  await writeJson(path, { step, metrics: Object.fromEntries(figures) as unknown, clips });
  const more = clips.length > SHOWN ? ` and ${clips.length - SHOWN} more` : '';
  const milder = 'with a lower learning rate, a longer warm-up or stronger clipping';
  const next = (await newestCheckpoint(out))
    ? `to go on from the checkpoint ${milder}, give \`init\` ${out} and another \`out\``
    : `begin again ${milder}`;
  return (
    `its batch was of ${clips.slice(0, SHOWN).join(', ')}${more} (${path}); \`replay\` ${out} with \`step\` ${step} repeats it and ` +
    `shows every figure; ${next}`
  );
}
