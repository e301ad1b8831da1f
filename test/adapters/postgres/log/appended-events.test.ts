import { expect, it } from 'vitest';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createMetrics } from '../../../../src/adapters/prometheus/metrics.ts';
import { meteredEventLog } from '../../../../src/application/metered-ports.ts';
import { anEvent } from '../../../support/events.ts';
import { createTestDatabase } from '../../../support/postgres.ts';

it('counts the events that were added to the log, and failures, but no refused or repeated events', async () => {
  const { connectionString } = await createTestDatabase();
  const metrics = createMetrics({ processMetrics: false });
  const postgres = createPostgresEventLog({ connectionString, logger: SILENT, onBatch: metrics.eventsAppended });
  const log = meteredEventLog(postgres, metrics);
  const counted = async () => {
    const { text } = await metrics.exposition();
    const numberOf = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
    return {
      events: numberOf('purser_events_appended_total'),
      batches: numberOf('purser_event_log_batch_events_count'),
      failures: numberOf('purser_event_log_append_failures_total'),
    };
  };

  const first = [anEvent(), anEvent(), anEvent()] as const;
  await log.append('counted', 'no-stream', first);
  expect(await counted()).toEqual({ events: 3, batches: 1, failures: 0 });

  // One is refused, and one is already known.
  await expect(log.append('counted', 'no-stream', [anEvent(), anEvent()])).rejects.toThrow();
  await log.append('counted', 'no-stream', first);
  await expect(log.append('counted', 'any', [first[1], anEvent()])).rejects.toThrow();
  expect(await counted()).toEqual({ events: 3, batches: 1, failures: 0 });

  // Together: one is taken and one refused.
  const outcomes = await Promise.allSettled([
    log.append('counted', 2, [anEvent(), anEvent()]),
    log.append('empty', 5, [anEvent()]),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(await counted()).toEqual({ events: 5, batches: 2, failures: 0 });

  await log.close();
  await expect(log.append('counted', 4, [anEvent()])).rejects.toThrow('The service is stopping');
  expect(await counted()).toEqual({ events: 5, batches: 2, failures: 1 });
});
