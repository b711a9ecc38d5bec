import { logMelPresets } from '@audio-ssl/audio-frontend';
import { countParameters, disposeTree } from '@audio-ssl/params';
import { newestCheckpoint, readJsonOr, runFiles, train, writeJson, type FolderLock } from '@audio-ssl/trainer';
import { join } from 'node:path';
import { beginStage } from '../begin-stage.js';
import { fixedSettings } from '../config/config-differences.js';
import { saveEncoder } from '../encoder-weights.js';
import type { OpenClips } from '../open-clips.js';
import { isState, LASTING, trainingSeconds } from '../run-log.js';
import { runMetadata } from '../run-metadata.js';
import type { RunRecord, RunSummary } from '../run-record.js';
import { tensorboardLog, type TensorboardLog } from '../tensorboard/tensorboard-log.js';
import { batchSource } from './batch-source.js';
import type { ClipsDigest } from './clip-list.js';
import { compiledStep } from './compiled-step.js';
import { gradientSpikes } from './gradient-spikes.js';
import { initialState } from './initial-state.js';
import { liveReport } from './live-report.js';
import type { Method, MethodScalars } from './method.js';
import { monitor } from './monitor.js';
import { nonFiniteWords } from './non-finite-words.js';
import type { PretrainOptions } from './pretrain-options.js';
import { upgradeFingerprint } from './require-same-clips.js';

/** The folder of a run as it was prepared for training. */
interface TrainingFolder {
  readonly lock: FolderLock;
  /** What stands for the clips in the fingerprint. */
  readonly digest: ClipsDigest;
}

/** Trains a run from where it is to its end, or until the signal, and saves the encoder of a completed one. */
export async function runTraining(
  method: Method,
  { config, data, init, method: name, measured, dataChanges = [] }: RunRecord,
  clips: OpenClips,
  {
    out,
    lock,
    digest,
    backend,
    reporter,
    signal,
  }: Pick<PretrainOptions, 'out' | 'backend' | 'reporter' | 'signal'> & TrainingFolder,
): Promise<RunSummary> {
  const source = batchSource(method, config, clips, measured);
  const step = compiledStep(method, { precision: config.precision, backend });
  const hook = monitor(method, config, clips, measured);
  const report = liveReport(out, (message) => reporter?.warning?.(message));
  const scalarsAt = (at: number): MethodScalars => method.scalarsAt(at, measured.steps);
  let board: TensorboardLog | undefined;
  const remark = lastingNotes((note, since) => reporter?.warning?.(`${note}, since step ${since}`));
  const fingerprint = {
    ...{ data, init, ...(name !== undefined && { method: name }), ...fixedSettings(config) },
    ...{ measured, clips: digest },
  };
  const describeModel = { preset: config.preset, variant: name ?? config.variant, ...runMetadata(config, measured) };
  let progress: ReturnType<typeof beginStage> | undefined;
  try {
    // For reports of a run that is under way, or was ended by force.
    const begun = await newestCheckpoint(out);
    const { dataset: before } = begun ? await readJsonOr<Partial<RunSummary>>(join(out, runFiles.summary), {}) : {};
    const lost = before?.skipped;
    const sofar = { completed: false, steps: measured.steps, dataset: used(clips, config, lost) };
    await writeJson(join(out, runFiles.summary), sofar satisfies Partial<RunSummary>);
    if (config.logs.tensorboard)
      board = await tensorboardLog(out, scalarsAt, (message) => reporter?.warning?.(message));
    const spikes = await gradientSpikes(out, begun?.step ?? 0);
    const result = await train({
      directory: out,
      lock,
      steps: measured.steps,
      fingerprint,
      upgradeFingerprint: (saved) => upgradeFingerprint(saved, fingerprint, dataChanges),
      metadata: describeModel,
      // When it resumes, only the shapes are needed.
      initial: () => initialState(method, config, { init: begun ? undefined : init, reporter }),
      step,
      batchAt: source.at,
      scalarsAt,
      checkpointEvery: { steps: config.checkpointEvery },
      signal,
      ...(hook && { hooks: [hook] }),
      notesOf: (metrics, at) => [
        ...dataChanges.filter((change) => change.step === at).map(({ words }) => `data: ${words}`),
        ...(method.signsOfCollapse?.(metrics) ?? []).map((sign) => `collapse: ${sign}`),
        ...spikes(metrics),
      ],
      adviseNonFinite: (event) => nonFiniteWords(out, source, event),
      onStep: ({ step: done, steps, metrics, notes, stepsPerSecond }) => {
        remark(done, notes);
        progress ??= beginStage(reporter, 'pretrain', steps, done - 1);
        progress(done, `${losses(metrics)}  ${(stepsPerSecond * config.batchSize).toFixed(0)} clips/s`);
        board?.append({ step: done - 1, metrics, notes });
        if (hook && done < steps && done % hook.every === 0) report.refresh(); // with what the monitor has just seen
      },
      onWarning: (message) => reporter?.warning?.(message),
    });
    try {
      if (result.completed)
        await saveEncoder(out, method.encoderOf(result.state), {
          ...describeModel,
          step: String(result.step),
        });
      return {
        completed: result.completed,
        step: result.step,
        steps: measured.steps,
        trainingSeconds: await trainingSeconds(out),
        parameters: countParameters(method.trained?.(result.state) ?? method.encoderOf(result.state)),
        dataset: used(clips, config, lost),
      };
    } finally {
      disposeTree(result.state);
    }
  } finally {
    await report.settled();
    board?.close();
    step.dispose();
    source.close();
  }
}

/** What a run uses of its data set; what earlier parts of it have lost on the way is counted, too. */
function used(
  clips: OpenClips,
  config: RunRecord['config'],
  lost: RunSummary['dataset']['skipped'] = [],
): RunSummary['dataset'] {
  const skipped = [...clips.dataset.skipped, ...clips.store.skipped]; // with those that changed during the run
  const known = new Set(
    [...skipped, ...clips.kept.map((index) => clips.dataset.clips[index]!)].map(({ path }) => path),
  );
  return {
    name: clips.dataset.name,
    kept: clips.kept.length,
    pieces: clips.pieces.length,
    seconds: secondsOf(clips, config),
    skipped: [...skipped, ...lost.filter(({ path }) => !known.has(path))],
    notices: clips.notices,
  };
}

/** Seconds of all clips together. */
function secondsOf({ pieces }: OpenClips, { data }: Pick<RunRecord['config'], 'data'>): number {
  const { hopLength, sampleRate } = logMelPresets[data.frontEnd];
  return (pieces.reduce((sum, { frames }) => sum + frames, 0) * hopLength) / sampleRate;
}

/** Calls `report` once for each state that has held for {@link LASTING} steps in a row, with the step before it. */
function lastingNotes(report: (note: string, since: number) => void): (done: number, notes: readonly string[]) => void {
  const held = new Map<string, number>(); // steps in a row
  return (done, notes) => {
    for (const note of held.keys()) if (!notes.includes(note)) held.delete(note);
    for (const note of notes.filter(isState)) {
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
