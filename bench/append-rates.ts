import { createPostgresEventLog } from '../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../src/adapters/postgres/logger.ts';
import { runFor } from './callers.ts';
import { postgresCpu } from './cpu-time.ts';
import { median, perSecond } from './figures.ts';
import { sampleEvent } from './raw-insert.ts';
import { type Row, reference } from './table.ts';

/** Callers in all, and the logs that they share, each with a writer of its own as a replica has. */
const CASES = [
  { callers: 1, logs: 1 },
  { callers: 8, logs: 1 },
  { callers: 32, logs: 1 },
  { callers: 128, logs: 1 },
  { callers: 512, logs: 1 },
  { callers: 128, logs: 2 },
  { callers: 128, logs: 4 },
] as const;
const ROUNDS = 3;
const WARM_UP_MS = 300;
const ROUND_MS = 1_000;

/** How many events of 600 bytes, each of a new stream, the log takes a second: where it becomes the limit itself. */
export async function benchAppendRates(connectionString: string): Promise<Row[]> {
  const cpu = await postgresCpu(connectionString);
  const batches = { count: 0, events: 0 };
  const onBatch = (events: number) => {
    batches.count += 1;
    batches.events += events;
  };
  const logs = Array.from({ length: 4 }, () => createPostgresEventLog({ connectionString, logger: SILENT, onBatch }));
  const found = CASES.map(() => ({ rate: [] as number[], batch: [] as number[], cpu: [] as number[] }));
  const append = (caller: number, of: number) => async () => {
    const event = sampleEvent();
    await logs[caller % of]?.append(`lease-${event.id}`, 'no-stream', [event]);
  };
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [index, { callers, logs: of }] of CASES.entries()) {
        const all = Array.from({ length: callers }, (_, caller) => append(caller, of));
        await runFor(WARM_UP_MS, all);
        Object.assign(batches, { count: 0, events: 0 });
        const before = cpu();
        const startedAt = performance.now();
        const count = await runFor(ROUND_MS, all);
        found[index]?.rate.push(count / ((performance.now() - startedAt) / 1_000));
        found[index]?.batch.push(batches.events / batches.count);
        found[index]?.cpu.push(((cpu() - before) * 1e6) / count);
      }
    }
  } finally {
    await Promise.all(logs.map((log) => log.close()));
  }
  return CASES.map(({ callers, logs: of }, index) => {
    const { rate = [], batch = [], cpu: used = [] } = found[index] ?? {};
    return reference(
      `append in process, ${callers} ${callers === 1 ? 'caller' : 'callers'}, ${of} ${of === 1 ? 'writer' : 'writers'}`,
      `${perSecond(median(rate))}, ${median(batch).toFixed(1)} events a batch, ${Math.round(median(used))} µs of Postgres an event`,
    );
  });
}
