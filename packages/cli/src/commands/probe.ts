import { type Pooling, poolings, type ProbeProtocolName, probeProtocols } from '@audio-ssl/evaluation';
import { type Layers, probe, probeFeatures, probeSummary } from '@audio-ssl/experiment';
import { featuresSummary } from '../terminal/features-summary.js';
import type { LayoutName } from '@audio-ssl/datasets';
import { runFiles } from '@audio-ssl/trainer';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type InterruptWords, withInterrupts } from '../terminal/interrupts.js';
import { printResult } from '../terminal/print-result.js';
import { terminalReporter } from '../terminal/reporter.js';
import { startForTraining } from '../terminal/start-for-training.js';
import {
  addSoundOptions,
  atLeast,
  atStepOption,
  labelledOption,
  layersOption,
  path,
  type SoundArguments,
} from './options.js';

interface ProbeArguments extends SoundArguments {
  readonly dataset?: LayoutName;
  readonly root?: string;
  readonly features?: string;
  readonly labels?: string;
  readonly pool?: readonly Pooling[];
  readonly protocol: ProbeProtocolName;
  readonly layers?: Layers;
  readonly atStep?: number;
  readonly folds?: number;
  readonly fewShot?: number;
  readonly knn?: number;
  readonly fineTune?: number;
}

const NOTHING_WRITTEN: InterruptWords = {
  first: 'stopping; Ctrl-C again stops at once',
  second: 'stopped at once',
  stopped: 'stopped; nothing was written',
};

/** Adds `audio-ssl probe`. */
export function addProbe(program: Command): void {
  const command = program
    .command('probe')
    .description(
      'probe a run on a labelled data set: random start, pretrained encoder and log-mel statistics; or features that any program made',
    )
    .argument('[run]', 'folder of a run; none with --features')
    .addOption(labelledOption('layout of the data set'))
    .option('--root <folder>', 'folder of the data set', path)
    .addOption(
      new Option('--features <file.npy>', 'features in place of a run: one row a clip, with --labels')
        .argParser(path)
        .conflicts(['dataset', 'root', 'pool', 'layers', 'atStep', 'fineTune', 'channel', 'damaged', 'ffmpeg']),
    )
    .option('--labels <file.csv>', 'of --features: a column label and, where there are, fold, group and file', path)
    .addOption(
      new Option('--pool <pooling...>', `how frames become one vector a clip: ${poolings.join(', ')}`).argParser(
        pooling,
      ),
    )
    .addOption(
      new Option('--protocol <name>', 'how the linear probe is done')
        .choices(Object.keys(probeProtocols))
        .default('exact'),
    )
    .addOption(layersOption('several side by side'))
    .addOption(atStepOption())
    .addOption(
      new Option(
        '--folds <count>',
        'folds where the data set has none of its own; the probe.folds of the run by default',
      ).argParser(atLeast(2)),
    )
    .addOption(new Option('--few-shot <clips>', 'also probe from so many clips of each class').argParser(atLeast(1)))
    .addOption(new Option('--knn <neighbours>', 'also class by so many nearest neighbours').argParser(atLeast(1)))
    .addOption(
      new Option('--fine-tune <epochs>', 'also train the whole encoder on the labels, from both starts').argParser(
        atLeast(1),
      ),
    );
  addSoundOptions(command).action(async (run: string | undefined, given: ProbeArguments) => {
    const { dataset, root, pool, protocol, fewShot, knn, features, labels, ...options } = given;
    const methods = { protocol, fewShot, knn };
    if (features !== undefined) {
      if (run !== undefined) command.error(`error: --features takes no run, got '${run}'`);
      const file = labels ?? command.error('error: --features needs --labels <file.csv>');
      const reporter = terminalReporter();
      const found = await withInterrupts(async (signal) => {
        await startForTraining();
        return probeFeatures({ features, labels: file, methods, folds: options.folds, reporter, signal });
      }, NOTHING_WRITTEN);
      printResult(found.map(featuresSummary).join('\n'));
      return;
    }
    if (labels !== undefined) command.error('error: --labels belongs to --features <file.npy>');
    const folder = run ?? command.error("error: missing required argument 'run', or --features <file.npy>");
    const layout = dataset ?? command.error("error: required option '--dataset <layout>' not specified");
    const place = root ?? command.error("error: required option '--root <folder>' not specified");
    const found = await withInterrupts(async (signal) => {
      const backend = await startForTraining();
      return probe({
        run: folder,
        layout,
        root: place,
        poolings: pool,
        methods,
        layers: options.layers,
        atStep: options.atStep,
        folds: options.folds,
        fineTuneEpochs: options.fineTune,
        channel: options.channel,
        damaged: options.damaged,
        ffmpeg: options.ffmpeg,
        backend,
        reporter: terminalReporter(),
        signal,
      });
    });
    printResult(`${found.map(probeSummary).join('\n')}\nreport: ${folder}/${runFiles.report}`);
  });
}

function pooling(value: string, before: Pooling[] | undefined): Pooling[] {
  const known = poolings.find((name) => name === value);
  if (!known) throw new InvalidArgumentError(`expected one of ${poolings.join(', ')}`);
  return [...(before ?? []), known];
}
