import { describe, expect, it } from 'vitest';
import { createCopyProgress, progressText } from '../../src/cli/copy-progress.ts';

const at = (events: number, share: number) => ({ events, copied: events, share });

describe('the progress of a copy', () => {
  it('tells events, their rate and the time that is left, of this run', () => {
    expect(progressText('copied', at(1_000, 0.1), at(1_000, 0.1), 0)).toBe('copied 1000 events');
    expect(progressText('copied', at(3_000, 0.3), at(1_000, 0.1), 4)).toBe('copied 3000 events, 500/s, 14 s left');
    expect(progressText('compared', at(2_000, 0.2), at(1_000, 0.1), 100)).toBe(
      'compared 2000 events, 10/s, 14 min left',
    );
    expect(progressText('copied', at(10_000, 1), at(1_000, 0.1), 18)).toBe('copied 10000 events, 500/s, 0 s left');
  });

  it('is a bar on a terminal, which leaves nothing behind', () => {
    let written = '';
    const stderr = { isTTY: true, write: (text: string) => (written += text) };
    const progress = createCopyProgress({ stdout: stderr, stderr });
    progress.show('copied', at(1_000, 0.5));
    expect(written).toBe('\r[###############---------------] copied 1000 events\u001b[K');
    progress.end();
    expect(written.endsWith('\r\u001b[K')).toBe(true);
  });

  it('writes no bar elsewhere', () => {
    let written = '';
    const stderr = { write: (text: string) => (written += text) };
    const progress = createCopyProgress({ stdout: stderr, stderr });
    progress.show('copied', at(1_000, 0.5));
    progress.end();
    expect(written).toBe('');
  });
});
