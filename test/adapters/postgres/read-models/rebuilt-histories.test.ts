import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { applyEvents, progressOf } from '../../../../src/adapters/postgres/read-models/apply-events.ts';
import { rebuildReadModels } from '../../../../src/adapters/postgres/read-models/rebuild.ts';
import { recheckSecrets } from '../../../../src/adapters/postgres/read-models/secret-presence.ts';
import type { EventLog } from '../../../../src/application/ports/event-log.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';
import { differingTables, digestsOfReadModels, projectorClient, trusting } from '../../../support/read-models.ts';
import { createdEvent, renamedEvent, unstorableEvent } from '../../../support/recorded-events.ts';
import { eventsOf, registrySteps } from '../../../support/registry-histories.ts';
import { appendAll } from '../../../support/running-projector.ts';

let database: TestDatabase;
let log: EventLog;
beforeAll(async () => {
  database = await createTestDatabase();
  log = createPostgresEventLog({ connectionString: database.connectionString, logger: SILENT });
});
afterAll(() => log.close());

const connect = (options?: { readonly pipeline: boolean }) => projectorClient(database.connectionString, options);

/** Applies the new events as a projector does, in batches of these sizes. Each batch may be a projector's first. */
async function project(sizes: Iterator<readonly [number, boolean]>): Promise<void> {
  const client = await connect();
  const target = { client, schema: 'read_models', term: null, authenticator: trusting };
  try {
    let progress = await progressOf(target);
    for (;;) {
      const [maxCount, afresh] = sizes.next().value;
      const page = await log.readAll({ after: progress.checkpoint.position, maxCount });
      if (page.events.length === 0) return;
      if (afresh) progress = await progressOf(target);
      progress = await applyEvents(target, progress, page, () => undefined);
    }
  } finally {
    await client.end();
  }
}

async function parkedCount(): Promise<number> {
  const client = await connect();
  const { rows } = await client.query<{ count: number }>('select count(*)::int from read_models.parked_events');
  await client.end();
  return rows[0]?.count ?? -1;
}

async function expectSameFromRebuild(): Promise<void> {
  // The leader does this from time to time. No secret is missing for a stream that was parked after its row was written.
  const client = await connect();
  await recheckSecrets(client);
  await client.end();
  const projected = await digestsOfReadModels(database.connectionString);
  await rebuildReadModels({ log, authenticator: trusting, connect });
  expect(differingTables(projected, await digestsOfReadModels(database.connectionString))).toEqual([]);
}

const batches = fc.infiniteStream(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.boolean()));

it('give the same rows by the projector, in any batches, and by a rebuild', async () => {
  let round = 0;
  await fc.assert(
    fc.asyncProperty(registrySteps, batches, async (steps, sizes) => {
      round += 1;
      const named = steps.map(([registry, step]) => [`${registry}${round}`, step] as const);
      await appendAll(log, createdEvent(`c${round}`, 1), ...eventsOf(named));
      await project(sizes);
      await expectSameFromRebuild();
    }),
    { numRuns: 6, endOnFailure: true },
  );
});

it('give the same rows if a stream is parked and stays parked', async () => {
  const steps = ['create', 'issue', 'rotate', 'test', 'discard'].map((step) => ['p', step] as const);
  const parked = [unstorableEvent('p'), renamedEvent('p', 'x'), ...eventsOf([['q', 'create']])];
  await appendAll(log, ...eventsOf(steps), ...parked);
  await project([4, 1, 3, 2, 100, 100].map((size) => [size, true] as const).values());
  expect(await parkedCount()).toBe(2);
  await expectSameFromRebuild();
  expect(await parkedCount()).toBe(2);
});
