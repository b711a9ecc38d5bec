import { type Pooling, poolings, type ProbeProtocolName, probeProtocols } from '@audio-ssl/evaluation';
import { type Layers, probe, probeSummary } from '@audio-ssl/experiment';
import type { LayoutName } from '@audio-ssl/datasets';
import { runFiles } from '@audio-ssl/trainer';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { withInterrupts } from '../terminal/interrupts.js';
import { printResult } from '../terminal/print-result.js';
import { terminalReporter } from '../terminal/reporter.js';
import { startForTraining } from '../terminal/start-for-training.js';
import { addSoundOptions, atLeast, labelledOption, layersOption, path, type SoundArguments } from './options.js';

interface ProbeArguments extends SoundArguments {
  readonly dataset: LayoutName;
  readonly root: string;
  readonly pool?: readonly Pooling[];
  readonly protocol: ProbeProtocolName;
  readonly layers?: Layers;
  readonly folds?: number;
  readonly fewShot?: number;
  readonly knn?: number;
  readonly fineTune?: number;
}

/** Adds `audio-ssl probe`. */
export function addProbe(program: Command): void {
  const command = program
    .command('probe')
    .description('probe a run on a labelled data set: random start, pretrained encoder and log-mel statistics')
    .argument('<run>', 'folder of a finished run')
    .addOption(labelledOption('layout of the data set').makeOptionMandatory())
    .requiredOption('--root <folder>', 'folder of the data set', path)
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
  addSoundOptions(command).action(
    async (run: string, { dataset, root, pool, protocol, fewShot, knn, ...options }: ProbeArguments) => {
      const found = await withInterrupts(async (signal) => {
        const backend = await startForTraining();
        return probe({
          run,
          layout: dataset,
          root,
          poolings: pool,
          methods: { protocol, fewShot, knn },
          layers: options.layers,
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
      printResult(`${found.map(probeSummary).join('\n')}\nreport: ${run}/${runFiles.report}`);
    },
  );
}

function pooling(value: string, before: Pooling[] | undefined): Pooling[] {
  const known = poolings.find((name) => name === value);
  if (!known) throw new InvalidArgumentError(`expected one of ${poolings.join(', ')}`);
  return [...(before ?? []), known];
}
