import { writeReport } from '../write-report.js';

// Writing must not show in the length of a run: of the time since the last report, at most this share.
const SHARE = 0.02;

/** Writes the report of a run that is under way, beside its steps. */
export interface LiveReport {
  /** Begins to write the report anew, unless the last one is still being written or was too short a time ago. */
  refresh(): void;
  /** Waits for the report that is being written. */
  settled(): Promise<void>;
}

/** The live report of a run; what goes wrong with it is a warning, and said once. */
export function liveReport(run: string, onWarning?: (message: string) => void): LiveReport {
  let writing: Promise<void> | undefined;
  let notBefore = 0;
  let warned = false;
  const write = async (): Promise<void> => {
    const began = performance.now();
    try {
      await writeReport(run);
    } catch (error) {
      if (!warned) onWarning?.(`the report could not be written: ${(error as Error).message}; the run goes on`);
      warned = true;
    }
    const ended = performance.now();
    notBefore = ended + (ended - began) / SHARE;
    writing = undefined;
  };
  return {
    refresh: () => {
      if (writing === undefined && performance.now() >= notBefore) writing = write();
    },
    settled: async () => writing,
  };
}
