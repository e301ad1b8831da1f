import type { MoveProgress } from '../composition/log-move.ts';
import type { Output } from './command.ts';
import { createProgressLine } from './progress.ts';

const LINE_EVERY_MS = 5_000;
const BAR_WIDTH = 30;

type Progress = Pick<MoveProgress, 'events' | 'share'>;

export interface CopyProgressOutput {
  show(what: string, progress: Progress): void;
  end(): void;
}

/** A bar on a terminal, and a line every few seconds elsewhere, both on standard error. */
export function createCopyProgress(output: Output): CopyProgressOutput {
  const line = createProgressLine(output);
  let writtenAt = performance.now();
  let step: { readonly what: string; readonly startedAt: number; readonly first: Progress } | undefined;
  return {
    show(what, progress) {
      const now = performance.now();
      if (step?.what !== what) step = { what, startedAt: now, first: progress };
      const text = progressText(what, progress, step.first, (now - step.startedAt) / 1000);
      const filled = Math.floor(progress.share * BAR_WIDTH);
      line.show(`[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${text}`);
      if (output.stderr.isTTY || now - writtenAt < LINE_EVERY_MS) return;
      writtenAt = now;
      output.stderr.write(`${text}\n`);
    },
    end: () => line.end(),
  };
}

/** @param seconds since `first` */
export function progressText(what: string, progress: Progress, first: Progress, seconds: number): string {
  const done = `${what} ${progress.events} events`;
  const share = progress.share - first.share;
  if (seconds <= 0 || share <= 0) return done;
  const rate = Math.round((progress.events - first.events) / seconds);
  const left = Math.ceil((seconds * (1 - progress.share)) / share);
  const rest = left < 120 ? `${left} s` : `${Math.ceil(left / 60)} min`;
  return [done, `${rate}/s`, `${rest} left`].join(', ');
}
