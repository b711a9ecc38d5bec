import { cacheFolder } from '@audio-ssl/backend';
import { tinyModel, tinyNotes } from '@audio-ssl/testing';
import { readLog, runFiles } from '@audio-ssl/trainer';
import { execFile, execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, pretrain } from '../src/index.js';
import { crc32c } from '../src/tensorboard/crc32c.js';
import { tensorboardLog } from '../src/tensorboard/tensorboard-log.js';
import { collecting } from './collecting.js';

let folder: string;
let notes: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tensorboard-'));
  notes = await tinyNotes();
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});

/** Trains ten steps, or until `stopAt`. */
async function train(out: string, { stopAt = Infinity, set = ['logs.tensorboard=true'] } = {}): Promise<void> {
  const all = [...tinyModel, 'data.dataset=nsynth', 'steps=10', 'monitor.every=5', 'monitor.clips=8', ...set];
  const stop = new AbortController();
  await pretrain({
    ...{ data: notes, out, config: await loadConfig({ preset: 'demo', set: all }), signal: stop.signal },
    reporter: { progress: ({ stage, done }) => void (stage === 'pretrain' && done >= stopAt && stop.abort()) },
  });
}

/** Ten steps, of which the last before a kill never came into a checkpoint. */
async function killedAndResumed(out: string): Promise<void> {
  await train(out, { stopAt: 7 });
  const checkpoints = join(out, runFiles.checkpoints);
  const newest = (await readdir(checkpoints)).sort().at(-1)!;
  expect(newest).toBe('step-00000007.safetensors');
  await rm(join(checkpoints, newest)); // as if the process had been killed: it resumes after step 6
  await train(out);
}

type Curves = Record<string, (readonly [step: number, value: number])[]>;

/** What a reader sees of event files: a naive reader of records and protobufs, which knows no field by its name. */
async function readEvents(run: string): Promise<{ curves: Curves; texts: Record<string, [number, string][]> }> {
  const curves: Curves = {};
  const texts: Record<string, [number, string][]> = {};
  for (const name of (await readdir(join(run, runFiles.tensorboard))).sort()) {
    const bytes = await readFile(join(run, runFiles.tensorboard, name));
    let [at, first] = [0, true];
    while (at < bytes.length) {
      const length = Number(bytes.readBigUInt64LE(at));
      expect(bytes.readUInt32LE(at + 8)).toBe(maskedBitByBit(bytes.subarray(at, at + 8)));
      const data = bytes.subarray(at + 12, at + 12 + length);
      expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedBitByBit(data));
      at += length + 16;
      const event = fields(data);
      expect((event.get(1)![0] as Buffer).readDoubleLE()).toBeGreaterThan(1.7e9);
      if (first) expect(String(event.get(3)![0])).toBe('brain.Event:2');
      first = false;
      const step = Number(event.get(2)?.[0] ?? 0);
      if (event.has(7)) for (const tag of Object.keys(curves)) curves[tag] = curves[tag]!.filter(([s]) => s < step);
      for (const summary of event.get(5) ?? [])
        for (const value of fields(summary as Buffer).get(1) ?? []) {
          const parts = fields(value as Buffer);
          const tag = String(parts.get(1)![0]);
          if (parts.has(2)) (curves[tag] ??= []).push([step, (parts.get(2)![0] as Buffer).readFloatLE()]);
          else (texts[tag] ??= []).push([step, String(fields(parts.get(8)![0] as Buffer).get(8)![0])]);
        }
    }
  }
  return { curves, texts };
}

/** The fields of a protobuf message by number: varints as bigints, all others as bytes. */
function fields(bytes: Buffer): Map<number, (bigint | Buffer)[]> {
  const found = new Map<number, (bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    for (let [value, shift] = [0n, 0n]; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const kind = key & 7;
    let value: bigint | Buffer;
    if (kind === 0) value = varint();
    else {
      const length = kind === 1 ? 8 : kind === 5 ? 4 : Number(varint());
      value = bytes.subarray(at, at + length);
      at += length;
    }
    found.set(key >> 3, [...(found.get(key >> 3) ?? []), value]);
  }
  return found;
}

/** The masked checksum by the definition: a division of polynomials, bit by bit. */
function maskedBitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  crc ^= 0xffffffffn;
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

describe('crc32c', () => {
  it.each([
    ['no byte', [], 0],
    ['123456789', [...Buffer.from('123456789')], 0xe3069283],
    ['32 zeros', Array.from({ length: 32 }, () => 0), 0x8a9136aa],
    ['32 ones', Array.from({ length: 32 }, () => 0xff), 0x62a8ab43],
    ['0 to 31', Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ])('of %s is that of RFC 3720', (_, bytes, expected) => expect(crc32c(Uint8Array.from(bytes))).toBe(expected));
});

describe('event files', () => {
  it(
    'hold every figure of every step; those of a resumed run are of an unbroken one',
    { timeout: 300_000 },
    async () => {
      const whole = join(folder, 'whole');
      const broken = join(folder, 'broken');
      await train(whole);
      await killedAndResumed(broken);
      const { curves, texts } = await readEvents(whole);
      expect(texts).toEqual({});
      const log = await readLog(whole);
      for (const tag of ['loss', 'loss/prediction', 'gradient/norm', 'features/rankMe', 'probe/knn'])
        expect(curves[tag], tag).toEqual(
          log.flatMap(({ step, metrics }) => (tag in metrics ? [[step, Math.fround(metrics[tag]!)]] : [])),
        );
      expect(curves['features/rankMe']!.map(([step]) => step)).toEqual([4, 9]);
      expect(curves['schedule/learningRate']!.map(([step]) => step)).toEqual(log.map(({ step }) => step));
      expect((await readdir(join(broken, runFiles.tensorboard))).length).toBe(2);
      const { curves: resumed } = await readEvents(broken);
      expect(resumed.loss!.map(([step]) => step)).toEqual(log.map(({ step }) => step));
      expect(resumed).toEqual(curves);
    },
  );

  it('may be asked for when a run is resumed, and then hold its past, too', { timeout: 300_000 }, async () => {
    const late = join(folder, 'late');
    await train(late, { stopAt: 4, set: [] });
    expect(await readdir(late)).not.toContain(runFiles.tensorboard);
    await train(late);
    const { curves } = await readEvents(late);
    expect(curves.loss!.map(([step]) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('say a remark as text where it begins', async () => {
    const run = join(folder, 'remarks');
    await mkdir(run);
    const log = await tensorboardLog(run, () => ({}), expect.unreachable);
    const remarks = [[], ['flat'], ['flat', 'odd'], [], ['flat']];
    for (const [step, said] of remarks.entries()) log.append({ step, metrics: { loss: step }, notes: said });
    log.close();
    expect((await readEvents(run)).texts).toEqual({
      notes: [
        [1, 'flat'],
        [2, 'odd'],
        [4, 'flat'],
      ],
    });
  });

  it('end no run that they cannot be written of', async () => {
    const run = join(folder, 'in the way');
    await mkdir(run);
    await writeFile(join(run, runFiles.tensorboard), 'a file');
    const told = collecting();
    const log = await tensorboardLog(run, () => ({}), told.warning!);
    for (const step of [0, 1]) log.append({ step, metrics: { loss: 1 } });
    log.close();
    expect(told.warnings).toEqual([
      expect.stringMatching(/^no event files for TensorBoard any more: .*the run goes on$/),
    ]);
  });
});

// Where `.ci/run` installs it.
const env = {
  ...process.env,
  PYTHONPATH: [join(cacheFolder(), 'tensorboard'), ...(process.env.PYTHONPATH ? [process.env.PYTHONPATH] : [])].join(
    delimiter,
  ),
};
const python = process.env.PYTHON ?? 'python3';
const hasTensorboard = ((): boolean => {
  try {
    execFileSync(python, ['-c', 'import tensorboard'], { env, stdio: 'ignore' });
    return true;
  } catch {
    console.log('skipped: no Python with the package tensorboard');
    return false;
  }
})();

const READER = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
def read(path):
    events = EventAccumulator(path, size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    return {
        "scalars": {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]},
        "texts": {tag: [[e.step, e.tensor_proto.string_val[0].decode()] for e in events.Tensors(tag)] for tag in tags["tensors"]},
    }
print(json.dumps([read(path) for path in sys.argv[1:]]))
`;

describe.skipIf(!hasTensorboard)('the package tensorboard', () => {
  it('reads the same curves and remarks', { timeout: 300_000 }, async () => {
    const broken = join(folder, 'for python');
    await killedAndResumed(broken);
    const remarks = join(folder, 'remarks for python');
    await mkdir(remarks);
    await cp(join(broken, runFiles.tensorboard), join(remarks, runFiles.tensorboard), { recursive: true });
    const log = await tensorboardLog(remarks, () => ({}), expect.unreachable);
    log.append({ step: 10, metrics: {}, notes: ['flät\n<b>'] });
    log.close();
    const paths = [broken, remarks].map((run) => join(run, runFiles.tensorboard));
    const { stdout } = await promisify(execFile)(python, ['-c', READER, ...paths], { env });
    const [curves, withText] = JSON.parse(stdout) as { scalars: Curves; texts: object }[];
    expect(curves).toEqual({ scalars: (await readEvents(broken)).curves, texts: {} });
    expect(withText).toEqual({ scalars: curves!.scalars, texts: { notes: [[10, 'flät\n<b>']] } });
  });
});
