import { createPostgresEventLog } from '../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../src/adapters/postgres/logger.ts';
import { runFor } from './callers.ts';
import { openRawInserts, sampleEvent } from './raw-insert.ts';

const WARM_UP_MS = 500;

export interface AppendRates {
  readonly rawPerSecond: number;
  readonly appendPerSecond32: number;
  readonly appendPerSecond128: number;
}

/**
 * Compares appends of one 600-byte event, each to a new stream, by 32 and by 128 callers in this process, with single
 * inserts. The three take turns in short slices, so that a slow moment of the machine does not affect only one.
 * The database must be migrated; the events stay in it.
 */
export async function benchAppend(
  connectionString: string,
  { slices = 4, sliceMs = 1_000 }: { slices?: number; sliceMs?: number } = {},
): Promise<AppendRates> {
  const log = createPostgresEventLog({ connectionString, logger: SILENT });
  const raw = await openRawInserts(connectionString);
  const append = async () => {
    const event = sampleEvent();
    await log.append(`lease-${event.id}`, 'no-stream', [event]);
  };
  const appendBy = (callers: number) => (milliseconds: number) =>
    runFor(milliseconds, Array<typeof append>(callers).fill(append));
  const contenders = { raw: raw.runFor, append32: appendBy(32), append128: appendBy(128) };
  const done = { raw: 0, append32: 0, append128: 0 };
  try {
    for (const kind of ['raw', 'append32', 'append128'] as const) await contenders[kind](WARM_UP_MS);
    for (let slice = 0; slice < slices; slice += 1) {
      for (const kind of ['raw', 'append32', 'append128'] as const) done[kind] += await contenders[kind](sliceMs);
    }
  } finally {
    await Promise.all([log.close(), raw.close()]);
  }
  const perSecond = (count: number) => Math.round(count / ((slices * sliceMs) / 1_000));
  return {
    rawPerSecond: perSecond(done.raw),
    appendPerSecond32: perSecond(done.append32),
    appendPerSecond128: perSecond(done.append128),
  };
}
