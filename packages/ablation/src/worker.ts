/**
 * The program that does one task of a suite, in a process of its own: `node worker.js FOLDER TASK`. What it has to say goes
 * to its output, which the executors keep as the task's log; a first signal, or the end of the process that started it, asks
 * it to save and stop.
 */
import { type BackendName, startBackend } from '@audio-ssl/backend';
import { InputError } from '@audio-ssl/experiment';
import { FileError } from '@audio-ssl/trainer';
import { doTask } from './do-task.js';
import { lastWordsMark } from './executor.js';
import { logReporter } from './log-reporter.js';
import { parseTask } from './tasks.js';

const INTERRUPTED = 130;
// Ctrl-C in a terminal reaches this process twice: by itself, and through the executor.
const SAME = 500; // milliseconds

const controller = new AbortController();
let first = 0;
const stop = (): void => {
  if (!controller.signal.aborted) {
    first = performance.now();
    console.error('finishing this step and saving');
    controller.abort(new DOMException('stopped', 'AbortError'));
  } else if (performance.now() - first > SAME) process.exit(INTERRUPTED);
};
const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGXCPU'];
for (const name of signals) process.on(name, stop);
process.once('disconnect', () => {
  if (!controller.signal.aborted) stop(); // whoever started the suite is gone
});
process.channel?.unref(); // its end is heard, and nothing waits for it

const backends: readonly string[] = ['tensorflow', 'wasm', 'cpu'] satisfies readonly BackendName[];

try {
  const [folder = '', word = ''] = process.argv.slice(2);
  const task = parseTask(word);
  const prefer = process.env.AUDIO_SSL_BACKEND;
  if (prefer !== undefined && !backends.includes(prefer))
    throw new InputError(`AUDIO_SSL_BACKEND: expected one of ${backends.join(', ')}, got ${JSON.stringify(prefer)}`);
  const backend = await startBackend(prefer === undefined ? {} : { prefer: prefer as BackendName });
  const reporter = logReporter(console.error);
  reporter.note(`backend: ${backend.name} ${backend.version} (${backend.device}); ${backend.why}`);
  await doTask(folder, task, { backend, reporter, signal: controller.signal });
} catch (error) {
  const known = error instanceof Error ? error : new Error(String(error));
  const expected = known instanceof InputError || known instanceof FileError || known.name === 'AbortError';
  if (!expected && known.stack !== undefined) console.error(known.stack);
  console.error(lastWordsMark + known.message.replaceAll(/\s*\n\s*/g, ' ')); // one line
  process.exitCode = known.name === 'AbortError' ? INTERRUPTED : 1;
} finally {
  for (const name of signals) process.off(name, stop);
}
