/** A sound that a report shows: what it is and, where readers can listen to it, the file itself. */
export interface ReportSound {
  /** Path or name of the clip, as the data set knows it. */
  readonly id: string;
  /** Class of the clip, where the data set has one. */
  readonly label?: string;
  /** The sound as a `data:` address. */
  readonly audio?: string;
}

/** A spectrogram before and after masking, both as PNG `data:` addresses. */
export interface ReportSpectrogram {
  readonly sound: ReportSound;
  readonly image: string;
  readonly masked: string;
  /** Share of the patches that is masked, in [0, 1]. */
  readonly maskedShare: number;
  /** Length of what is shown, in seconds. */
  readonly seconds: number;
  /** Width and height of both pictures, in pixels. */
  readonly size: readonly [width: number, height: number];
}

/** A sound and the clips whose embeddings lie nearest to its own, nearest first. */
export interface ReportNeighbours {
  readonly query: ReportSound;
  readonly neighbours: readonly { readonly sound: ReportSound; readonly similarity: number }[];
}

/** A share of right answers with its 95 % interval over clips, all in [0, 1]. */
export interface ReportScore {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Student's 95 % interval over seeds, or over draws of few shots, where there are several. */
  readonly seeds?: { readonly low: number; readonly high: number };
  /** The share in each tested fold, with the first seed; absent where all clips are tested at once. */
  readonly folds?: readonly { readonly fold: number; readonly value: number }[];
}

/** A file that could not be used, and why. */
export interface SkippedFile {
  readonly path: string;
  /** What was expected, what came, and what to do. */
  readonly reason: string;
  /** A short phrase to count by, such as `truncated`; absent in reports of older runs. */
  readonly cause?: string;
}

/** Something odd about a sound that is used. */
export interface SoundWarning {
  readonly path: string;
  /** What it is, to count by: `channels cancel`, `integer scale`, `silent`, `constant`, `damaged`, `through ffmpeg`. */
  readonly kind: string;
  /** What was found. */
  readonly message: string;
  /** What to do. */
  readonly next?: string;
}

/** What one probe of one pooling found: the same classifier on several kinds of features. */
export interface ReportProbe {
  readonly dataset: string;
  /** What is predicted, such as `instrument family`. */
  readonly target: string;
  readonly pooling: string;
  /** The classifier in words, when it is not the linear probe with its exact solver. */
  readonly method?: string;
  /** How the folds were made, in words. */
  readonly folds: string;
  readonly clips: number;
  /** Files of the data set that could not be used. */
  readonly skipped?: readonly SkippedFile[];
  /** What is odd about files that are used. */
  readonly notices?: readonly SoundWarning[];
  /** Classes that are left out because none of their files could be used. */
  readonly emptyClasses?: readonly string[];
  readonly chance: number;
  readonly randomStart: ReportScore;
  readonly pretrained: ReportScore;
  /** Absent where the classifier needs the encoder itself. */
  readonly logMel?: ReportScore;
  /** Pretrained minus random start, with the interval of the paired difference. */
  readonly gain: ReportScore;
  readonly classes: readonly string[];
  /** Counts, row = true class, column = predicted class, of the pretrained encoder. */
  readonly confusion: readonly (readonly number[])[];
  readonly seconds: number;
}

/** What a run used of its data set. */
export interface ReportDataset {
  readonly name: string;
  /** Files that are used. */
  readonly kept: number;
  readonly skipped: readonly SkippedFile[];
  /** Clips that the files are cut into, where that is not one each; absent in reports of older runs. */
  readonly pieces?: number;
  /** Length of all of them together; absent in reports of older runs. */
  readonly seconds?: number;
  /** What is odd about files that are used; absent in reports of older runs. */
  readonly notices?: readonly SoundWarning[];
}

/** Everything a report shows; each part may come from another command of the same run. */
export interface ReportData {
  readonly name: string;
  readonly created: string;
  readonly seed: number;
  readonly preset: string;
  readonly variant: string;
  readonly backend: string;
  /** False of a run that is under way or was stopped: the report says so. */
  readonly completed: boolean;
  readonly step: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly trainingSeconds: number;
  /** Numbers that are trained; absent where the run did not come to count them. */
  readonly parameters?: number;
  /** Absent where the run did not come to say what it used. */
  readonly dataset?: ReportDataset;
  /** One row a logged step; every row has `step`, the rest is what the step measured. */
  readonly log: readonly Readonly<Record<string, number>>[];
  /** What was remarked, such as a collapse, from which step to which, and on how many of them where not on all. */
  readonly notes: readonly {
    readonly note: string;
    readonly from: number;
    readonly to: number;
    readonly steps?: number;
  }[];
  readonly spectrograms: readonly ReportSpectrogram[];
  readonly neighbours: readonly ReportNeighbours[];
  readonly probes: readonly ReportProbe[];
  /** The configuration as YAML. */
  readonly config: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Commands that repeat the run, one a line. */
  readonly repeat: readonly string[];
}
