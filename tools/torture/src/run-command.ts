import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to either stream. */
  readonly output: string;
  readonly seconds: number;
}

/** A command that runs. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Whether it has ended. */
  readonly over: () => boolean;
}

/** Starts `audio-ssl` from its source. */
export function startCommand(args: readonly string[], env: NodeJS.ProcessEnv): Running {
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@audio-ssl/source', main, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let isOver = false;
  child.stdout.on('data', (bytes) => (output += String(bytes)));
  child.stderr.on('data', (bytes) => (output += String(bytes)));
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code, signal) => {
      isOver = true;
      resolve({ code, signal, output, seconds: (performance.now() - began) / 1000 });
    }),
  );
  return { process: child, ended, over: () => isOver };
}

/** Runs `audio-ssl` to its end, which must be a good one. */
export async function runCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const ended = await startCommand(args, env).ended;
  if (ended.code !== 0) throw new Error(`audio-ssl ${args.join(' ')} ended with ${ended.code}: ${ended.output}`);
  return ended;
}

/** Kills a command at the moment that `when` waits for, unless it ends before; says whether it was killed. */
export async function killWhen(running: Running, when: (over: () => boolean) => Promise<void>): Promise<boolean> {
  await when(running.over);
  if (!running.over()) running.process.kill('SIGKILL');
  return (await running.ended).signal === 'SIGKILL';
}
