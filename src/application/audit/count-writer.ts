import type { EventWriter, Write } from '../log/event-writer.ts';

/** Appends of counts at once, so that callers' own appends do not wait behind all of them. */
const COUNTS_AT_ONCE = 50;
/** Counts that are kept for the next try, if the log cannot be written. */
const MAX_UNWRITTEN = 5_000;

export interface CountWriter {
  /** Writes the counts, and those that could not be written before. Each needs ids, because it may be repeated. Never rejects. */
  write(counts: readonly Write[]): Promise<void>;
}

/** Writes what was counted in memory, for which no caller waits. */
export function createCountWriter({
  writer,
  onFault,
}: {
  readonly writer: Pick<EventWriter, 'append'>;
  readonly onFault: (error: unknown) => void;
}): CountWriter {
  const unwritten: Write[] = [];

  async function append(count: Write): Promise<void> {
    try {
      await writer.append(count);
    } catch (error) {
      onFault(error);
      if (unwritten.length < MAX_UNWRITTEN) unwritten.push(count);
    }
  }

  return {
    async write(counts) {
      const writes = [...unwritten.splice(0), ...counts];
      while (writes.length > 0) await Promise.all(writes.splice(0, COUNTS_AT_ONCE).map(append));
    },
  };
}
