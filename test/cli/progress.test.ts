import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCountedProgress } from '../../src/cli/progress.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function written(isTTY: boolean) {
  const texts: string[] = [];
  const output = { stdout: { write: () => true }, stderr: { write: (text: string) => texts.push(text), isTTY } };
  return { texts, progress: createCountedProgress(output, 'rewrapped', 200) };
}

describe('the progress of counted work', () => {
  it('is a bar on a terminal, which is wiped at the end', () => {
    const { texts, progress } = written(true);
    for (const done of [50, 200]) {
      vi.advanceTimersByTime(1_000);
      progress.show(done);
    }
    progress.end();
    expect(texts).toEqual([
      `\r[${'#'.repeat(7)}${'-'.repeat(23)}] rewrapped 50 of 200\u001b[K`,
      `\r[${'#'.repeat(30)}] rewrapped 200 of 200\u001b[K`,
      '\r\u001b[K',
    ]);
  });

  it('is a line every five seconds elsewhere', () => {
    const { texts, progress } = written(false);
    for (let done = 1; done <= 12; done += 1) {
      vi.advanceTimersByTime(1_000);
      progress.show(done * 20);
    }
    progress.end();
    // More than were counted at first: others have added some.
    expect(texts).toEqual(['rewrapped 100 of 200\n', 'rewrapped 200 of 200\n']);
  });

  it('says nothing of nothing', () => {
    const { texts, progress } = written(false);
    progress.end();
    expect(texts).toEqual([]);
  });
});
