import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { disposeTree } from '@audio-ssl/params';
import { readSafetensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { seeded } from '@audio-ssl/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cannotWrite,
  FileError,
  lockFolder,
  lockRun,
  newestCheckpoint,
  readCheckpoint,
  readJson,
  readJsonOr,
  requireWritableFile,
  requireWritableFolder,
  runFiles,
  train,
  writeJson,
  writeRunFile,
} from '../src/index.js';
import { regression } from './fixtures/regression.js';

let run: string;
beforeEach(async () => void (run = await mkdtemp(join(tmpdir(), 'run-'))));
afterEach(() => rm(run, { recursive: true, force: true }));

/** Bits of a file: all in its first bytes, and some in the rest. */
function* flips(bytes: Uint8Array): Generator<{ at: number; bit: number }> {
  const random = seeded(1);
  for (let at = 0; at < 60; at++) yield { at, bit: at % 8 };
  for (let i = 0; i < 60; i++) yield { at: Math.floor(random() * bytes.length), bit: Math.floor(random() * 8) };
}

describe('the newest checkpoint', () => {
  it('is the one that resuming takes: damaged ones are passed over, one by one', async () => {
    expect(await newestCheckpoint(run)).toBeUndefined();
    disposeTree((await train({ ...regression(run, 4), checkpointEvery: { steps: 2 } })).state);
    const [second, fourth] = ['2', '4'].map((step) =>
      join(run, runFiles.checkpoints, `step-0000000${step}.safetensors`),
    );
    const { fingerprint } = regression(run, 4);
    expect(await newestCheckpoint(run)).toEqual({ path: fourth, step: 4, fingerprint });
    const bytes = await readFile(fourth!);
    const otherStep = Buffer.from(bytes);
    otherStep.set(Buffer.from('"step":"5"'), otherStep.indexOf('"step":"4"'));
    const noFingerprint = Buffer.from(bytes);
    noFingerprint.set(Buffer.from('"fingerqrint"'), noFingerprint.indexOf('"fingerprint"'));
    for (const damaged of [
      ...[bytes.subarray(0, bytes.length - 5), bytes.subarray(0, 20)],
      ...[Buffer.alloc(bytes.length), Buffer.alloc(0), otherStep, noFingerprint],
    ]) {
      await writeFile(fourth!, damaged);
      const warnings: string[] = [];
      const onWarning = (message: string): void => void warnings.push(message);
      expect(await newestCheckpoint(run, { onWarning })).toEqual({ path: second, step: 2, fingerprint });
      expect((await readCheckpoint(run, { onWarning }))?.step).toBe(2);
      expect(warnings).toHaveLength(2);
    }
    for (const { at, bit } of flips(bytes)) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1 << bit;
      await writeFile(fourth!, flipped);
      const warnings: string[] = [];
      const onWarning = (message: string): void => void warnings.push(message);
      expect((await newestCheckpoint(run, { onWarning }))?.step, `bit ${bit} of byte ${at}`).toBe(2);
      expect((await readCheckpoint(run, { onWarning }))?.step).toBe(2);
      expect(warnings).toEqual(Array(2).fill(expect.stringContaining('passed over a damaged checkpoint')));
    }
    // From before there were checksums.
    const { tensors, metadata } = readSafetensors(bytes);
    const { step, fingerprint: text } = metadata;
    await writeFile(fourth!, writeSafetensors(tensors, { step: step!, fingerprint: text! }));
    expect((await readCheckpoint(run))?.step).toBe(4);
    await writeFile(fourth!, '');
    await writeFile(second!, '');
    await expect(newestCheckpoint(run)).rejects.toThrow('train: none of the 2 checkpoints');
    await expect(readCheckpoint(run)).rejects.toThrow('train: none of the 2 checkpoints');
  });
});

describe('files of a run', () => {
  it('are written with the folders around them, and read again', async () => {
    const path = join(run, 'new', runFiles.probes);
    expect(await readJsonOr(path, ['none'])).toEqual(['none']);
    await writeJson(path, { figures: [1, 2] });
    expect(await readFile(path, 'utf8')).toBe('{\n  "figures": [\n    1,\n    2\n  ]\n}\n');
    expect(await readJson(path)).toEqual({ figures: [1, 2] });
    expect(await readJsonOr(path, ['none'])).toEqual({ figures: [1, 2] });
    await writeRunFile(run, runFiles.report, '<html>');
    expect((await readdir(run)).sort()).toEqual(['new', 'report.html']);
  });

  it('that are missing or damaged are named, with the next step', async () => {
    const path = join(run, runFiles.summary);
    const error = await readJson(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FileError);
    expect(String(error)).toBe(`FileError: ${path} is missing; is ${run} the folder of a run?`);
    await writeFile(path, '{"a":');
    await expect(readJson(path, 'delete it')).rejects.toThrow(/summary\.json is not valid JSON \(.*\); delete it$/);
    await expect(readJsonOr(path, 1)).rejects.toThrow(/restore it or start a new run in another folder$/);
    await mkdir(join(run, 'folder'));
    await expect(readJson(join(run, 'folder'))).rejects.toThrow(/cannot read .*folder \(EISDIR/);
  });

  it('that cannot be written are named, with a remedy; other errors stay what they are', async () => {
    await writeFile(join(run, 'report'), 'a file');
    await expect(writeRunFile(run, runFiles.probes, '')).rejects.toThrow(
      /^cannot write .*probes\.json \(E.*\); see that the folder is there and can be written to, then try again$/,
    );
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(cannotWrite('x.npy', full)).toMatchObject({
      name: 'FileError',
      message: 'cannot write x.npy (ENOSPC: no space left on device, write); make room, then try again',
      cause: full,
    });
    for (const other of [new Error('of ours'), Object.assign(new Error('Node'), { code: 'ERR_INVALID_ARG' })])
      expect(cannotWrite('x.npy', other)).toBe(other);
  });
});

describe('outputs', () => {
  it('that can be written are accepted, and nothing is made', async () => {
    await requireWritableFolder(join(run, 'a', 'b'), 'out');
    await requireWritableFile(join(run, 'a', 'b.npy'), 'out');
    expect(await readdir(run)).toEqual([]);
  });

  it('in whose way something is are refused by the name of their option', async () => {
    await writeFile(join(run, 'file'), '');
    await expect(requireWritableFolder(join(run, 'file', 'a'), 'out')).rejects.toThrow(
      /^`out`: expected a folder that can be written to, got .*file\/a: .*file is a file; name another one$/,
    );
    await expect(requireWritableFile(run, 'to')).rejects.toThrow(
      `\`to\` ${run}: expected a file, got a folder; name a file in it`,
    );
    await expect(requireWritableFile(join(run, 'file', 'a.npy'), 'to')).rejects.toThrow(FileError);
  });

  // The superuser may write everywhere.
  it.skipIf(process.getuid?.() === 0)('in a closed folder are refused', async () => {
    await chmod(run, 0o500);
    await expect(requireWritableFolder(join(run, 'a'), 'out')).rejects.toThrow('cannot be written to (EACCES)');
    await chmod(run, 0o700);
  });

  // Node's recursive mkdir never returns there.
  it.runIf(process.platform === 'linux')('where the system makes the folders are refused', async () => {
    for (const path of ['/proc/audio-ssl', '/proc/audio-ssl/a', '/proc'])
      await expect(requireWritableFolder(path, 'out')).rejects.toThrow(/`out`: expected a folder .*\/proc cannot be/);
  });
});

it('a file named `checkpoints` and a folder named as the lock are named, with the next step', async () => {
  await writeFile(join(run, runFiles.checkpoints), '');
  await expect(train(regression(run, 1))).rejects.toThrow(/checkpoints is a file, and the checkpoints are kept in/);
  await rm(join(run, runFiles.checkpoints));
  await mkdir(join(run, runFiles.lock));
  await expect(train(regression(run, 1))).rejects.toThrow(/train\.lock is a folder, and the lock has this name/);
});

it('what a killed process left unfinished goes when a run is resumed', async () => {
  const left = 'log.jsonl.9999999-0123456789ab.tmp';
  await writeFile(join(run, left), '');
  disposeTree((await train(regression(run, 1))).state);
  expect((await readdir(run)).sort()).toEqual([runFiles.checkpoints, runFiles.log]);
});

describe('the lock of a folder', () => {
  const options = { file: 'lock', held: (who: string) => `${who} holds it`, onTakeOver: () => undefined };

  it('goes to one of many who find that its holder is gone, and leaves nothing else behind', async () => {
    for (let round = 0; round < 10; round++) {
      const dead = JSON.stringify({ pid: process.pid, started: 'another time', host: hostname(), round });
      await writeFile(join(run, 'lock'), round % 2 ? dead : dead.slice(0, 20)); // the second one was cut off
      if (round % 2 === 0) await utimes(join(run, 'lock'), 1, 1);
      let takenOver = 0;
      const tries = await Promise.allSettled(
        Array.from({ length: 20 }, () => lockFolder(run, { ...options, onTakeOver: () => takenOver++ })),
      );
      const won = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(won).toHaveLength(1);
      expect(takenOver).toBe(1);
      for (const result of tries)
        if (result.status === 'rejected') expect(String(result.reason)).toContain(`process ${process.pid} on`);
      expect(await readdir(run)).toEqual(['lock']);
      await won[0]!.release();
      expect(await readdir(run)).toEqual([]);
    }
  });

  it('is waited for where that is asked, one at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      const lock = await lockFolder(run, { ...options, wait: 20_000 });
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 6 }, work));
    expect(most).toBe(1);
  });

  it('says what else has its name', async () => {
    await mkdir(join(run, 'lock'));
    await expect(lockFolder(run, options)).rejects.toThrow(/lock is a folder, and the lock has this name; remove it/);
    await rm(join(run, 'lock'), { recursive: true });
    await symlink('elsewhere', join(run, 'lock'));
    await expect(lockFolder(run, options)).rejects.toThrow('lock is no plain file');
    expect(existsSync(join(run, 'elsewhere'))).toBe(false);
  });

  it('of a run removes what processes that are gone left unfinished, and a folder that was made for nothing', async () => {
    const left = ['weights.safetensors', 'checkpoints/step-00000001.safetensors', 'report/probes.json'].map((name) =>
      join(run, 'first', `${name}.9999999-0123456789ab.tmp`),
    );
    for (const path of left) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, 'half');
    }
    await writeFile(join(run, 'first', 'notes.tmp'), 'of somebody else');
    const lock = await lockRun(join(run, 'first'), { option: 'out' });
    await expect(lockRun(join(run, 'first'), { option: 'out' })).rejects.toThrow(/is training in .*another `out`/);
    expect(left.filter((path) => existsSync(path))).toEqual([]);
    expect(existsSync(join(run, 'first', 'notes.tmp'))).toBe(true);
    await lock.release();
    const none = join(run, 'none');
    await (await lockRun(none)).release();
    expect(existsSync(none)).toBe(false);
  });
});
