import type { Output } from './command.ts';

export interface ProgressLine {
  show(text: string): void;
  end(): void;
}

const SHOWN_EVERY_MS = 200;

/** One line that changes, on a terminal only. */
export function createProgressLine({ stderr }: Output): ProgressLine {
  let shownAt = 0;
  return {
    show(text) {
      if (!stderr.isTTY || performance.now() - shownAt < SHOWN_EVERY_MS) return;
      shownAt = performance.now();
      stderr.write(`\r${text}\u001b[K`);
    },
    end() {
      if (shownAt > 0) stderr.write('\r\u001b[K');
      shownAt = 0;
    },
  };
}

export interface CountedProgress {
  /** @param done how many of all */
  show(done: number): void;
  end(): void;
}

const LINE_EVERY_MS = 5_000;
const BAR_WIDTH = 30;

/** A bar on a terminal, and a line every few seconds elsewhere, both on standard error. */
export function createCountedProgress(output: Output, what: string, total: number): CountedProgress {
  const bar = createProgressLine(output);
  let writtenAt = performance.now();
  return {
    show(done) {
      // Others may have added rows since the total was counted.
      const all = Math.max(total, done);
      const filled = all === 0 ? BAR_WIDTH : Math.floor((done / all) * BAR_WIDTH);
      bar.show(`[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${what} ${done} of ${all}`);
      if (output.stderr.isTTY || performance.now() - writtenAt < LINE_EVERY_MS) return;
      writtenAt = performance.now();
      output.stderr.write(`${what} ${done} of ${all}\n`);
    },
    end: () => bar.end(),
  };
}
