import { describe, expect, it } from 'vitest';
import { countedCauses, noticeSentences } from '../src/skipped-files.js';

describe('noticeSentences', () => {
  it('tells what was found in all at once where it is the same, and in each where it is not', () => {
    const silent = { kind: 'silent', message: 'all samples are 0', next: 'leave such files out' };
    const damaged = (path: string, message: string) => ({ path, kind: 'damaged', message });
    expect(
      noticeSentences([
        { path: 'a.wav', ...silent },
        damaged('b.mp3', '1 s of 2 s are missing'),
        { path: 'c.wav', ...silent },
        damaged('d.mp3', '3 s of 4 s are missing'),
        damaged('e.mp3', '3 s of 4 s are missing'),
        damaged('f.mp3', '5 s of 6 s are missing'),
      ]),
    ).toEqual([
      '2 silent files (a.wav, c.wav): all samples are 0; leave such files out',
      '4 damaged files are used (b.mp3: 1 s of 2 s are missing, d.mp3: 3 s of 4 s are missing, e.mp3: 3 s of 4 s are missing and 1 more)',
    ]);
    expect(noticeSentences([damaged('b.mp3', '1 s of 2 s are missing')])).toEqual([
      '1 damaged file is used (b.mp3): 1 s of 2 s are missing',
    ]);
  });
});

describe('countedCauses', () => {
  it('counts the commonest first', () => {
    const causes = ['empty', 'truncated', 'truncated', 'HTML'].map((cause) => ({ cause }));
    expect(countedCauses(causes, 'failed')).toBe('4 failed: 2 truncated, 1 HTML, 1 empty');
  });
});
