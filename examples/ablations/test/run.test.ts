import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'ablations-'))));
afterAll(() => rm(folder, { recursive: true }));

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The example as `npm run ablations -- ...` starts it. */
function ablations(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const script = [process.execPath, '--import', 'tsx', '--conditions=@audio-ssl/source', at('../src/run.ts')] as const;
  const child = spawn(script[0], [...script.slice(1), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => (said.out += text));
  child.stderr.on('data', (text) => (said.err += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...said })));
}

// Models that are timed in milliseconds: what is looked at is the plan.
const small = [
  'batchSize=4',
  'probe.pool=[mean]',
  'probe.folds=2',
  'monitor.every=0',
  'model.encoder={embedDim: 16, depth: 1, numHeads: 2}',
  'model.predictor={embedDim: 16, depth: 1, numHeads: 2}',
  'model.head={hiddenDim: 16, bottleneckDim: 8, pseudoClasses: 16}',
].flatMap((assignment) => ['--set', assignment]);

describe('npm run ablations', () => {
  it(
    'plans a suite of one’s own on the shipped notes, one seed, within half an hour',
    { timeout: 600_000 },
    async () => {
      const out = join(folder, 'heads');
      const heads = at('../heads.yaml');
      const { code, out: said, err } = await ablations('--suite', heads, '--plan', '--out', out, ...small);
      expect(code, err).toBe(0);
      expect(said).toContain('plan: 7 rows x 1 seed');
      for (const row of [
        /baseline +\d+ ms\/step .* baseline/,
        /64 classes .* model\.head\.pseudoClasses 16 -> 64/,
        /1024 classes .* model\.head\.pseudoClasses 16 -> 1024/,
        /no head .* classification\.weight 0\.5 -> 0/,
        /head depth: 1 .* model\.head\.depth 3 -> 1/,
        /head depth: 4 .* model\.head\.depth 3 -> 4/,
      ])
        expect(said).toMatch(row);
      const plan = JSON.parse(await readFile(join(out, 'suite.json'), 'utf8')) as object;
      expect(plan).toMatchObject({ dataName: 'instrument notes', seeds: [0], budget: 1800 });
      const { seconds, available } = JSON.parse(await readFile(join(out, 'estimate.json'), 'utf8'));
      expect(seconds).toBeLessThanOrEqual(available);
    },
  );

  it('says what is wrong in a word', { timeout: 120_000 }, async () => {
    const { code, err } = await ablations('--suite', 'head', '--out', join(folder, 'none'));
    expect(code).toBe(2);
    expect(err).toContain('--suite head: neither one of paper, masking, targets nor a file');
    expect(err).not.toMatch(/\n {4}at /);
  });
});
