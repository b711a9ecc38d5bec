/** Memory that a task and the one who waits for it share, as whole numbers: {@link STOP} and how far the task has come. */
export type TaskWatch = Int32Array<SharedArrayBuffer>;

/** Where a 1 tells the task to stop. */
export const STOP = 0;
const READ = 1;
const TOTAL = 2;

export function taskWatch(): TaskWatch {
  const watch = new Int32Array(new SharedArrayBuffer(12));
  watch[READ] = -1;
  return watch;
}

/** Says how many seconds of a sound have been read, and how many it has; 0 where that is not known. */
export function tellProgress(watch: TaskWatch, read: number, total: number): void {
  Atomics.store(watch, READ, read);
  Atomics.store(watch, TOTAL, total);
}

/** What {@link tellProgress} said last; -1 for `read` where the work has not begun. */
export function progressOf(watch: TaskWatch): { readonly read: number; readonly total: number } {
  return { read: Atomics.load(watch, READ), total: Atomics.load(watch, TOTAL) };
}
