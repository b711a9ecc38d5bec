import { logMelPresets } from '@audio-ssl/audio-frontend';
import { countParameters, disposeTree } from '@audio-ssl/params';
import { newestCheckpoint, train, type FolderLock } from '@audio-ssl/trainer';
import { beginStage } from '../begin-stage.js';
import { fixedSettings } from '../config/config-differences.js';
import { saveEncoder } from '../encoder-weights.js';
import type { OpenClips } from '../open-clips.js';
import { LASTING, trainingSeconds } from '../run-log.js';
import { runMetadata } from '../run-metadata.js';
import type { RunRecord, RunSummary } from '../run-record.js';
import { batchSource } from './batch-source.js';
import { compiledStep } from './compiled-step.js';
import { initialState } from './initial-state.js';
import { liveReport } from './live-report.js';
import type { Method } from './method.js';
import { monitor } from './monitor.js';
import type { PretrainOptions } from './pretrain-options.js';

/** Trains a run from where it is to its end, or until the signal, and saves the encoder of a completed one. */
export async function runTraining(
  method: Method,
  { config, data, init, method: name, measured }: RunRecord,
  clips: OpenClips,
  {
    out,
    lock,
    backend,
    reporter,
    signal,
  }: Pick<PretrainOptions, 'out' | 'backend' | 'reporter' | 'signal'> & { readonly lock: FolderLock },
): Promise<RunSummary> {
  const source = batchSource(method, config, clips, measured);
  const step = compiledStep(method, { precision: config.precision, backend });
  const hook = monitor(method, config, clips, measured);
  const report = liveReport(out, (message) => reporter?.warning?.(message));
  const remark = lastingNotes((note, since) => reporter?.warning?.(`${note}, since step ${since}`));
  let progress: ReturnType<typeof beginStage> | undefined;
  try {
    const result = await train({
      directory: out,
      lock,
      steps: measured.steps,
      fingerprint: { data, init, ...(name !== undefined && { method: name }), ...fixedSettings(config) },
      initial: async () => {
        const resumes = (await newestCheckpoint(out)) !== undefined; // then only the shapes are needed
        return await initialState(method, config, { init: resumes ? undefined : init, reporter });
      },
      step,
      batchAt: source.at,
      scalarsAt: (at) => method.scalarsAt(at, measured.steps),
      checkpointEvery: { steps: config.checkpointEvery },
      signal,
      ...(hook && { hooks: [hook] }),
      notesOf: (metrics) => (method.signsOfCollapse?.(metrics) ?? []).map((sign) => `collapse: ${sign}`),
      onStep: ({ step: done, steps, metrics, notes, stepsPerSecond }) => {
        remark(done, notes);
        progress ??= beginStage(reporter, 'pretrain', steps, done - 1);
        progress(done, `${losses(metrics)}  ${(stepsPerSecond * config.batchSize).toFixed(0)} clips/s`);
        if (hook && done < steps && done % hook.every === 0) report.refresh(); // with what the monitor has just seen
      },
      onWarning: (message) => reporter?.warning?.(message),
    });
    try {
      if (result.completed)
        await saveEncoder(out, method.encoderOf(result.state), {
          preset: config.preset,
          variant: name ?? config.variant,
          step: String(result.step),
          ...runMetadata(config, measured),
        });
      return {
        completed: result.completed,
        step: result.step,
        steps: measured.steps,
        trainingSeconds: await trainingSeconds(out),
        parameters: countParameters(method.trained?.(result.state) ?? method.encoderOf(result.state)),
        dataset: {
          name: clips.dataset.name,
          kept: clips.kept.length,
          pieces: clips.pieces.length,
          seconds: secondsOf(clips, config),
          skipped: [...clips.dataset.skipped, ...clips.store.skipped], // with those that changed during the run
          notices: clips.notices,
        },
      };
    } finally {
      disposeTree(result.state);
    }
  } finally {
    await report.settled();
    step.dispose();
    source.close();
  }
}

/** Seconds of all clips together. */
function secondsOf({ pieces }: OpenClips, { data }: Pick<RunRecord['config'], 'data'>): number {
  const { hopLength, sampleRate } = logMelPresets[data.frontEnd];
  return (pieces.reduce((sum, { frames }) => sum + frames, 0) * hopLength) / sampleRate;
}

/** Calls `report` once for each remark that has held for {@link LASTING} steps in a row, with the step before it. */
function lastingNotes(report: (note: string, since: number) => void): (done: number, notes: readonly string[]) => void {
  const held = new Map<string, number>(); // steps in a row
  return (done, notes) => {
    for (const note of held.keys()) if (!notes.includes(note)) held.delete(note);
    for (const note of notes) {
      held.set(note, (held.get(note) ?? 0) + 1);
      if (held.get(note) === LASTING) report(note, done - LASTING);
    }
  };
}

/** The losses of a step in words: its two parts where both are measured. */
function losses(metrics: Readonly<Record<string, number>>): string {
  const parts = Object.entries(metrics).filter(
    ([name]) => name === 'loss/prediction' || name === 'loss/classification',
  );
  const shown = parts.length > 0 ? parts : Object.entries(metrics).filter(([name]) => name === 'loss');
  return shown.map(([name, value]) => `${name.replace('loss/', '')} ${value.toFixed(3)}`).join('  ');
}
