import { spawn } from 'node:child_process';

/** How a command ended; `missing` when there is no such command. */
export interface CommandResult {
  readonly ok: boolean;
  readonly missing: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** What {@link runCommand} takes besides the command. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a command to its end and keeps what it prints; rejects only when `signal` aborts it. */
export function runCommand(
  command: string,
  args: readonly string[],
  { cwd, env, signal }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      ...(signal === undefined ? {} : { signal }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (signal?.aborted) reject(error);
      else
        resolve({
          ok: false,
          missing: error.code === 'ENOENT' || error.code === 'EACCES',
          stdout,
          stderr: error.message,
        });
    });
    child.on('close', (code) => {
      if (signal?.aborted) reject(signal.reason as Error);
      else resolve({ ok: code === 0, missing: false, stdout, stderr });
    });
  });
}

/** The last lines of what a command printed: where it says what went wrong. */
export const lastLines = (text: string, count = 3): string => text.trim().split('\n').slice(-count).join('\n');
