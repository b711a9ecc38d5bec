import { expect, it } from 'vitest';
import { logReporter } from '../src/log-reporter.js';

it('writes every message, the ends of a stage, and between them a line every ten seconds', () => {
  const lines: string[] = [];
  let time = 0;
  const { stage, progress, note, warning } = logReporter(
    (line) => void lines.push(line),
    () => time,
  );
  note('backend: wasm');
  stage({ name: 'steps', total: 4 });
  progress({ stage: 'steps', done: 1, total: 4 });
  warning('one clip is damaged');
  time = 11_000;
  progress({ stage: 'steps', done: 2, total: 4, detail: 'loss 1.2' });
  progress({ stage: 'steps', done: 3, total: 4 });
  progress({ stage: 'steps', done: 4, total: 4 });
  stage({ name: 'probe', total: 9, done: 3 });
  expect(lines).toEqual([
    'backend: wasm',
    'steps 0/4',
    'one clip is damaged',
    'steps 2/4 loss 1.2',
    'steps 4/4',
    'probe 3/9',
  ]);
});
