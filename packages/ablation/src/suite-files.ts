/** Where the untrained encoders are, among the folders of the rows. */
export const startSlug = 'random-start';

/**
 * Every file of a suite that is not a task's, relative to its folder.
 *
 * @example
 * console.log(join(out, suiteFiles.report));
 */
export const suiteFiles = {
  /** There while a process is at work on the suite. */
  lock: 'suite.lock',
  /** The plan, saved before anything is measured. */
  plan: 'suite.json',
  /** Steps, and what they cost. */
  estimate: 'estimate.json',
  /** Seconds that the suite has taken so far. */
  spent: 'spent.json',
  /** Every figure, as data. */
  results: 'results.json',
  /** The report as Markdown. */
  markdown: 'report.md',
  /** The report as a page. */
  report: 'report.html',
} as const;
