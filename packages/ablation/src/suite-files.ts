/** Where the untrained encoders are, among the folders of the rows. */
export const startSlug = 'random-start';

/** Every file of a suite that is not a task's, relative to its folder. */
export const suiteFiles = {
  /** The plan, saved before anything is measured. */
  plan: 'suite.json',
  /** Steps, and what they cost. */
  estimate: 'estimate.json',
  /** Seconds that the suite has taken so far. */
  spent: 'spent.json',
  results: 'results.json',
  markdown: 'report.md',
  report: 'report.html',
} as const;
