import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withInterrupts } from '../src/terminal/interrupts.js';
import { terminalReporter } from '../src/terminal/reporter.js';

let written = '';
const { isTTY } = process.stderr;

beforeEach(() => {
  written = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
  vi.spyOn(console, 'error').mockImplementation((line) => void (written += `${line}\n`));
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  process.stderr.isTTY = isTTY;
});

/** What a terminal shows in the end: the sequences that a bar uses, carried out. */
function screen(output: string): string[] {
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  let saved: [number, number] = [0, 0];
  for (const [part, code] of output.replaceAll('\x1B', '␛').matchAll(/␛(\[[\d;?]*[A-Za-z]|7|8)|[^␛]/gsu)) {
    if (code === '7') saved = [row, column];
    else if (code === '8') [row, column] = saved;
    else if (code === '[1G') column = 0;
    else if (code === '[K' || code === '[0K') lines[row] = (lines[row] ?? '').slice(0, column);
    else if (code !== undefined)
      expect(code).toMatch(/^\[\?(25|7)[hl]$/); // cursor and wrapping
    else if (part === '\r') column = 0;
    else if (part === '\n') [row, column] = [row + 1, 0];
    else {
      const line = (lines[row] ?? '').padEnd(column);
      lines[row] = line.slice(0, column) + part + line.slice(column + 1);
      column++;
    }
  }
  return Array.from(lines, (line) => line ?? '');
}

const work = (): Promise<void> =>
  withInterrupts(async () => {
    const reporter = terminalReporter();
    reporter.note('before');
    reporter.stage({ name: 'log-mels', total: 3, done: 1 });
    vi.advanceTimersByTime(2000);
    reporter.progress({ stage: 'log-mels', done: 2, total: 3, detail: '1 skipped' });
    vi.advanceTimersByTime(1000);
    reporter.warning('give `numHeads`; a long line is not cut: '.padEnd(200, '.'));
    reporter.note('second');
    vi.advanceTimersByTime(1000);
    reporter.progress({ stage: 'log-mels', done: 3, total: 3 });
    reporter.stage({ name: 'pretrain', total: 10 });
    reporter.progress({ stage: 'pretrain', done: 5, total: 10, detail: 'prediction 0.5' });
    vi.advanceTimersByTime(20_000);
  });

describe('terminalReporter', () => {
  it('keeps notes and warnings above a bar of a terminal', async () => {
    process.stderr.isTTY = true;
    await work();
    const lines = screen(written);
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe('before');
    expect(lines[1]).toMatch(/^give --heads; a long line is not cut: \.+$/);
    expect(lines[1]!.length).toBeGreaterThan(190);
    expect(lines[2]).toBe('second');
    expect(lines[3]).toMatch(/^log-mels █{24} 3\/3 +0:00 left$/);
    expect(lines[4]).toMatch(/^pretrain █{12}░{12} 5\/10 {2}prediction 0\.5/);
    expect(written.endsWith('\n')).toBe(true);
    expect(written.lastIndexOf('\x1B[?25h')).toBeGreaterThan(written.lastIndexOf('\x1B[?25l')); // the cursor is back
  });

  it('writes plain lines where standard error is no terminal, every ten seconds', async () => {
    process.stderr.isTTY = false;
    await work();
    expect(written).not.toContain('\x1B');
    const lines = written.split('\n').filter(Boolean); // a stage ends with an empty one
    expect(lines.filter((line) => line.startsWith('pretrain'))).toHaveLength(4); // begin, 10 s, 20 s, end
    expect(lines[0]).toBe('before');
    expect(lines[1]).toMatch(/^log-mels █{8}░{16} 1\/3 */);
    expect(lines.at(-1)).toMatch(/^pretrain █{12}░{12} 5\/10 {2}prediction 0\.5/);
  });

  it('begins a bar for progress whose stage was not announced', async () => {
    process.stderr.isTTY = false;
    await withInterrupts(async () => terminalReporter().progress({ stage: 'embed', done: 2, total: 4 }));
    expect(written).toMatch(/embed █{12}░{12} 2\/4/);
  });
});
