import { InputError } from '@audio-ssl/experiment';
import { FileError } from '@audio-ssl/trainer';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { inFlags, speakFor } from '../src/terminal/in-flags.js';
import { printError } from '../src/terminal/print-error.js';

let printed = '';
beforeEach(() => {
  printed = '';
  vi.spyOn(console, 'error').mockImplementation((line) => void (printed += `${line}\n`));
  vi.stubEnv('DEBUG', '');
});

describe('printError', () => {
  it.each<[string, unknown, number]>([
    ['options that do not fit', new InputError('`out` x.csv: expected another ending', 'option'), 2],
    ['a file', new InputError('x.wav: no such file; check the path'), 1],
    ['a file of a run', new FileError('cannot write x (ENOSPC); make room, then try again'), 1],
    ['a function', new Error('openFolder: expected a folder, got x; check the path'), 1],
    ['an interruption', new DOMException('stopped; the same command resumes', 'AbortError'), 130],
  ])('prints one line for %s', (_, error, code) => {
    expect(printError(error)).toBe(code);
    expect(printed).toMatch(/^audio-ssl: .*\n$/);
  });

  it('asks for DEBUG only where a message says too little', () => {
    expect(printError(new TypeError("Cannot read properties of undefined (reading 'x')"))).toBe(1);
    expect(printed).toContain('DEBUG=1');
    expect(printError('no error at all')).toBe(1);
    expect(printed).toContain('audio-ssl: no error at all\n');
  });

  it('adds the stack when DEBUG is set', () => {
    vi.stubEnv('DEBUG', '1');
    printError(new Error('train: diverged'));
    expect(printed).toMatch(/\n {4}at /);
    expect(printed).not.toContain('Run again');
  });

  it('names flags where libraries name options', () => {
    printError(new InputError('`numHeads` 5: expected a divisor of 16'));
    expect(printed).toBe('audio-ssl: --heads 5: expected a divisor of 16\n');
  });
});

describe('inFlags', () => {
  it.each([
    ['give another `directory`', 'give another --out'],
    ['give `numHeads`', 'give --heads'],
    ['give `task` esc50 or `activation`', 'give --task esc50 or --activation'],
    ['`convert` with `encoderOnly`', 'audio-ssl convert with --encoder-only'],
    ['`from` x.pt, `to` y.pt', '<from> x.pt, <to> y.pt'],
    ['set `variant=matpacPlusPlus`', 'set --set variant=matpacPlusPlus'],
    ['cut it (`segmentFrames`)', 'cut it (--set data.segment=60)'],
    ['run `setupNative` with `force`', 'run `audio-ssl setup` with --force'],
    ['`constructor` and `somethingElse`', '`constructor` and `somethingElse`'],
  ])('turns %j into %j', (message, expected) => {
    expect(inFlags(message)).toBe(expected);
  });

  it('names a setting where the command has no flag of its own', () => {
    const messages = ['take one with `channel`', 'take what is there with `damaged` keep', 'give `folds` 3', '`out` x'];
    speakFor(['--channel', '--damaged', '--folds', '--out']);
    expect(messages.map(inFlags)).toEqual([
      'take one with --channel',
      'take what is there with --damaged keep',
      'give --folds 3',
      '--out x',
    ]);
    speakFor(['--out', '--set']);
    expect(messages.map(inFlags)).toEqual([
      'take one with --set data.channel=0',
      'take what is there with --set data.damaged=keep',
      'give --set probe.folds=3',
      '--out x',
    ]);
  });
});
