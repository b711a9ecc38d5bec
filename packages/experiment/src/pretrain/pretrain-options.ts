import type { StartedBackend } from '@audio-ssl/backend';
import type { Config } from '../config/config-schema.js';
import type { Reporter } from '../reporter.js';
import type { Method } from './method.js';

/** The options of `pretrain`. */
export interface PretrainOptions {
  /** Folder of audio, in the layout that `config.data.dataset` names. */
  readonly data: string;
  /** What the report calls the data; by default as the data set calls itself. */
  readonly dataName?: string | undefined;
  /** Folder of the run; an unfinished run of the same configuration in it is resumed. */
  readonly out: string;
  /** From `loadConfig`. */
  readonly config: Config;
  /** A checkpoint of any family to start from, in place of a random state; its sizes must be those of the configuration. */
  readonly init?: string | undefined;
  /** Resumes a run though clips were added, removed or changed since it was begun; its record and its report say so. */
  readonly acceptDataChange?: boolean | undefined;
  /**
   * A method of one's own. By default the configuration's, MATPAC or a variant of it. With a method of one's own the
   * configuration's masking and the settings of MATPAC's losses, teacher and optimiser have no effect.
   */
  readonly method?: Method | undefined;
  /** The command line that repeats the run, for the report. */
  readonly command?: string | undefined;
  /** What `startBackend` returned: named in the report; log-mels and graphs are kept in its cache. */
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
  /** Stops the run after the current step with a checkpoint. */
  readonly signal?: AbortSignal | undefined;
}
