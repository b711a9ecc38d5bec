import { InputError } from '@audio-ssl/experiment';
import { tinyArguments } from '@audio-ssl/testing';
import { leaves, randomStream } from '@audio-ssl/params';
import { encoderMetadata } from '@audio-ssl/pretrained';
import { fromTensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { initSpectrogramEncoder } from '@audio-ssl/vit';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '../src/cli.js';
import { printError } from '../src/terminal/print-error.js';
import { printResult } from '../src/terminal/print-result.js';
import { printable, printableLine } from '../src/terminal/printable.js';
import { printLine } from '../src/terminal/progress-bar.js';
import { terminalReporter } from '../src/terminal/reporter.js';

// A colour, the title of the window, a bell, an 8-bit introducer, delete, carriage return, text turned around.
const hostile = 'a\x1b[31mb\x1b]0;title\x07c\x9b2Jd\x7fe\rf\u202eg';
/** What a terminal would obey. */
const obeyed = /[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/u;

let written = '';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'printable-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  written = '';
  const listen = (text: unknown): true => {
    written += `${String(text)}\n`;
    return true;
  };
  vi.spyOn(console, 'log').mockImplementation(listen);
  vi.spyOn(console, 'error').mockImplementation(listen);
  vi.spyOn(process.stdout, 'write').mockImplementation(listen);
  vi.spyOn(process.stderr, 'write').mockImplementation(listen);
  vi.stubEnv('DEBUG', '');
});

describe('printable', () => {
  it('writes control characters as JSON does, and leaves text, line breaks and tabs alone', () => {
    expect(printable('\x1b[31m')).toBe(String.raw`\u001b[31m`);
    expect(printable('\x9b\x7f\0\u202e')).toBe(String.raw`\u009b\u007f\u0000\u202e`);
    const text = 'Straße, 日本語, café, 👩‍🚒, עברית\n\t"x" \\';
    expect(printable(text)).toBe(text);
    expect(printable(hostile)).not.toMatch(obeyed);
    expect(printableLine('line\nbreak.wav')).toBe(String.raw`line\nbreak.wav`);
  });

  it('keeps JSON whole', () => {
    const value = { file: hostile };
    expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
  });
});

describe('what is printed', () => {
  it.each<[string, () => void]>([
    ['a result', () => printResult(hostile)],
    ['a line', () => printLine(hostile)],
    ['an error', () => void printError(new InputError(hostile))],
    ['an error that is none', () => void printError(hostile)],
    ['a note', () => terminalReporter().note(hostile)],
    ['a warning', () => terminalReporter().warning(hostile)],
  ])('is fit for a terminal: %s', (_, print) => {
    print();
    expect(written).toContain('c\\u009b2Jd');
    expect(written).not.toMatch(obeyed);
  });

  it('is fit with the stack of an error', () => {
    vi.stubEnv('DEBUG', '1');
    printError(new Error(hostile));
    expect(written).not.toMatch(obeyed);
  });

  it('is fit on a bar', () => {
    const { isTTY } = process.stderr;
    process.stderr.isTTY = true;
    try {
      const reporter = terminalReporter();
      reporter.stage({ name: hostile, total: 2 });
      reporter.progress({ stage: hostile, done: 2, total: 2, detail: hostile });
      expect(written).toContain('\\u009b2J');
      for (const part of ['\x9b', '\x07', '\x1b[31m', '\x1b]', '\u202e']) expect(written).not.toContain(part); // the bar has sequences of its own
    } finally {
      process.stderr.isTTY = isTTY;
    }
  });
});

describe('the command', () => {
  const encoder = async (path: string, rename: (name: string) => string): Promise<void> => {
    const made = initSpectrogramEncoder({ embedDim: 16, depth: 1, numHeads: 2, patch: [16, 16] }, randomStream(1));
    const tensors = await fromTensors(leaves(made).map(([name, tensor]) => [rename(name), tensor]));
    const facts = { patch: [16, 16], bins: 80, numHeads: 2, frontEnd: 'matpac', mean: -7, std: 4 } as const;
    await writeFile(path, writeSafetensors(tensors, encoderMetadata({ ...facts, chunkFrames: 608 })));
  };
  /** A PyTorch checkpoint whose pickle asks for something of that name. */
  const pickle = (name: string): Uint8Array =>
    Buffer.from(
      [
        '\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.', // the number that torch.save begins with
        '\x80\x02M\xe9\x03.', // its version
        '\x80\x02}q\x00X\x0d\x00\x00\x00little_endianq\x01\x88s.', // the order of its bytes
        `\x80\x02c${name}\nthing\nq\x00)Rq\x01.`,
        '\x80\x02]q\x00.', // no arrays
      ].join(''),
      'latin1',
    );

  it.each<[string, () => Promise<readonly string[]>]>([
    ['an option', () => Promise.resolve(['pretrain', '--data', '.', '--out', folder, `--${hostile}`])],
    ['a choice', () => Promise.resolve(['embed', 'x', 'y', '--mode', hostile])],
    ['a command', () => Promise.resolve([hostile])],
    ['a missing file', () => Promise.resolve(['embed', hostile, 'y.wav'])],
    ['a setting', () => Promise.resolve(['pretrain', '--data', '.', '--out', folder, '--set', `${hostile}=1`])],
    ['a value', () => Promise.resolve(['pretrain', '--data', '.', '--out', folder, '--set', `variant="${hostile}"`])],
    [
      'a key of a file',
      async () => {
        const file = join(folder, 'config.yaml');
        await writeFile(file, '"a\\e[31mb\\x9b2J": 1\n');
        return ['pretrain', '--data', '.', '--out', folder, '--config', file];
      },
    ],
    [
      'a tensor',
      async () => {
        const file = join(folder, 'names.safetensors');
        await encoder(file, (name) => (name.startsWith('cls') ? `${name}${hostile}` : name));
        return ['convert', file, join(folder, 'converted.pt')];
      },
    ],
    [
      'a pickle global',
      async () => {
        const file = join(folder, 'pickled.pt');
        await writeFile(file, pickle('os\x1b[31mred'));
        return ['convert', file, join(folder, 'converted.pt')];
      },
    ],
    [
      'a sound that cannot be used',
      async () => {
        const model = join(folder, 'model.safetensors');
        await encoder(model, (name) => name);
        const sounds = join(folder, 'sounds');
        await mkdir(sounds, { recursive: true });
        await writeFile(join(sounds, `${hostile}\n.wav`), 'no sound');
        await writeFile(join(sounds, 'other.wav'), 'no sound');
        return ['embed', model, sounds, '--out', join(folder, 'out.npy')];
      },
    ],
    [
      'a run',
      async () => {
        const data = join(folder, `data ${hostile}`);
        await mkdir(data, { recursive: true });
        await cp(join(folder, 'sounds', 'other.wav'), join(data, `${hostile}.wav`));
        return ['pretrain', '--data', data, '--out', join(folder, 'run'), '--preset', 'demo', ...tinyArguments];
      },
    ],
  ])('prints the name of %s without what a terminal would obey', { timeout: 60_000 }, async (_, make) => {
    const args = await make();
    written = '';
    await runCli(args);
    expect(written).not.toBe('');
    expect(written).toMatch(/\\u001b/);
    expect(written).not.toMatch(obeyed);
  });
});
