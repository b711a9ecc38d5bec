import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
/** Files of TensorFlow.js, by the paths that they have and by those that their source maps name, and Node's own. */
const THEIRS = /node:|[\\/]@tensorflow[\\/]|[\\/]tfjs-(core|node|node-gpu)[\\/](src|dist)[\\/]/;
/** A kernel runs some 15 calls below the line that asks for it. */
const FRAMES = 50;

/** The present place in the code, to be read when it is needed. */
export function place(): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  try {
    return new Error('place');
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** An error of `compile` that names the caller's line (`file:line:column`): the first outside TensorFlow.js and this package. */
export function refusal(message: string, { stack = '' }: Error = place()): Error {
  const places = stack
    .split('\n')
    .flatMap((line) => /(?:\(|at (?:async )?)(?:file:\/\/)?([^(]+:\d+:\d+)\)?$/.exec(line)?.[1] ?? []);
  const where = places.find((path) => !THEIRS.test(path) && !path.startsWith(HERE));
  return new Error(`compile: ${message}${where ? ` (at ${where})` : ''}`);
}
