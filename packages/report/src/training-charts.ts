/** Columns of a run's log that are drawn together, their title, and how to read them. */
export interface TrainingChart {
  readonly title: string;
  readonly note: string;
  readonly logarithmic?: boolean;
  readonly columns: readonly { readonly column: string; readonly name: string }[];
}

/** The charts of a report, in their order; a chart whose columns were not logged is left out. */
export const trainingCharts: readonly TrainingChart[] = [
  {
    title: 'Prediction loss',
    note: '2 - 2 cos between predicted and teacher latents of the masked patches, 0 to 4',
    columns: [{ column: 'loss/prediction', name: 'prediction' }],
  },
  {
    title: 'Pseudo-class loss',
    note: 'cross-entropy between the student’s and the teacher’s pseudo-class probabilities, in nats',
    columns: [{ column: 'loss/classification', name: 'pseudo-class' }],
  },
  {
    title: 'Spread of the latents',
    note: 'standard deviation of the normalised latents over the patches of a batch; a fall to 0.001 means collapse',
    columns: [
      { column: 'teacher/spread', name: 'teacher' },
      { column: 'student/spread', name: 'student' },
    ],
  },
  {
    title: 'Pseudo-class perplexity',
    note: 'how many pseudo-classes the teacher uses in effect; 1 means collapse',
    columns: [{ column: 'classes/perplexity', name: 'teacher' }],
  },
  {
    title: 'Pseudo-classes in use',
    note: 'how many are the most probable one of some masked patch of the batch, for the teacher',
    columns: [{ column: 'classes/distinct', name: 'teacher' }],
  },
  {
    title: 'Agreement on the pseudo-class',
    note: 'share of masked patches whose most probable class is the same for student and teacher',
    columns: [{ column: 'classes/agreement', name: 'agreement' }],
  },
  {
    title: 'Confidence in the pseudo-class',
    note: 'mean probability of the teacher’s most probable pseudo-class; 1 / K means that none is preferred',
    columns: [{ column: 'classes/confidence', name: 'teacher' }],
  },
  {
    title: 'Effective rank',
    note: 'RankMe of the features of some clips: along how many directions they vary; 1 means collapse',
    columns: [{ column: 'features/rankMe', name: 'rank' }],
  },
  {
    title: 'Uniformity',
    note: 'how evenly the features of some clips lie on the sphere; 0 means all in one place, lower is more even',
    columns: [{ column: 'features/uniformity', name: 'uniformity' }],
  },
  {
    title: 'Alignment',
    note: 'squared distance of two crops of a clip on the sphere, 0 to 4; low is good only where uniformity is low, too',
    columns: [{ column: 'features/alignment', name: 'alignment' }],
  },
  {
    title: 'Nearest neighbours',
    note: 'share of some clips whose five nearest neighbours are mostly of their class; labels serve this curve alone',
    columns: [{ column: 'probe/knn', name: '5-NN' }],
  },
  {
    title: 'Gradient norm',
    note: 'before clipping',
    logarithmic: true,
    columns: [{ column: 'gradient/norm', name: 'norm' }],
  },
  {
    title: 'Learning rate',
    note: 'linear warm-up, then a half cosine',
    columns: [{ column: 'learningRate', name: 'rate' }],
  },
  {
    title: 'Teacher decays',
    note: 'share of the teacher that survives a step',
    columns: [
      { column: 'encoderDecay', name: 'encoder' },
      { column: 'headDecay', name: 'class head' },
    ],
  },
  {
    title: 'Teacher temperature',
    note: 'lower is sharper',
    columns: [{ column: 'teacherTemperature', name: 'temperature' }],
  },
  { title: 'Speed', note: 'clips a second', columns: [{ column: 'clipsPerSecond', name: 'clips/s' }] },
];
