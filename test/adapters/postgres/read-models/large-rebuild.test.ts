import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { READ_MODELS_VERSION } from '../../../../src/adapters/postgres/read-models/read-models-version.ts';
import { type RebuildProgress, rebuildReadModels } from '../../../../src/adapters/postgres/read-models/rebuild.ts';
import { BEGINNING, type EventLog, type Position } from '../../../../src/application/ports/event-log.ts';
import { createMutant } from '../../../support/mutant.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';
import { differingTables, digestsOfReadModels, projectorClient, trusting } from '../../../support/read-models.ts';
import { eventsOf, registrySteps } from '../../../support/registry-histories.ts';
import { rounds } from '../../../support/rounds.ts';
import { appendAll, appendRuns, startProjector } from '../../../support/running-projector.ts';
import { withClient } from '../../../support/server-databases.ts';

const EVENTS = rounds({ usual: 3_000, torture: 100_000 });
/** Histories that are written at once. */
const WRITERS = 50;
/** The last events that a log delivers once more. */
const MAX_REPEATED = 30n;

let database: TestDatabase;
let log: EventLog;
beforeAll(async () => {
  database = await createTestDatabase();
  log = createPostgresEventLog({ connectionString: database.connectionString, logger: SILENT });
});
afterAll(() => log.close());

/** Each page begins with events that were delivered before, and has some of its own twice. */
function delivering(inner: EventLog): EventLog {
  return {
    ...inner,
    async readAll({ after, maxCount }) {
      const page = await inner.readAll({ after, maxCount });
      if (page.events.length === 0) return page;
      const from = after > MAX_REPEATED ? ((after - MAX_REPEATED) as Position) : BEGINNING;
      const before =
        after === BEGINNING ? [] : (await inner.readAll({ after: from, maxCount: Number(after - from) })).events;
      const twice = page.events.flatMap((event, index) => (index % 7 === 0 ? [event, event] : [event]));
      return { ...page, events: [...before, ...twice] };
    },
  };
}

/** In small pages. Ends the process that reads after the position, as far as the database can tell. */
function endingAfter(inner: EventLog, position: bigint, maxCount = Math.ceil(EVENTS / 30)): EventLog {
  return {
    ...inner,
    readAll: ({ after }) =>
      after > position ? Promise.reject(new Error('killed')) : inner.readAll({ after, maxCount }),
  };
}

async function indexesOfReadModels(): Promise<readonly string[]> {
  const text = `select indexdef from pg_indexes where schemaname = 'read_models' order by indexname`;
  const { rows } = await withClient(database.connectionString, (client) => client.query<{ indexdef: string }>(text));
  return rows.map(({ indexdef }) => indexdef);
}

async function writeHistories(): Promise<number> {
  let written = 0;
  let history = 0;
  const write = async () => {
    while (written < EVENTS) {
      history += 1;
      const name = `h${history}`;
      const [steps = []] = fc.sample(registrySteps, { numRuns: 1, seed: history });
      const created = (['a', 'b'] as const).map((registry) => [`${registry}${name}`, 'create'] as const);
      const events = eventsOf([...created, ...steps.map(([registry, step]) => [`${registry}${name}`, step] as const)]);
      written += events.length;
      await appendRuns(log, events);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  return written;
}

it(`${EVENTS} events give the same rows while they happen, rebuilt, and delivered more than once`, async () => {
  const live = startProjector(database.connectionString, delivering(log));
  const written = await writeHistories();
  const head = await log.head();
  expect(head).toBe(BigInt(written));
  await live.progress.waitFor(head, 300_000);
  await live.stop();
  expect(live.faults).toEqual([]);
  const projected = await digestsOfReadModels(database.connectionString);
  const indexes = await indexesOfReadModels();

  const connect = (options?: { readonly pipeline: boolean }) => projectorClient(database.connectionString, options);
  const faults: Error[] = [];
  const onFault = (fault: Error) => faults.push(fault);
  const first = await rebuildReadModels({ log, authenticator: trusting, connect, onFault });
  expect(first).toMatchObject({ events: written });
  // The database took the rows in bulk.
  expect(faults).toEqual([]);
  expect(differingTables(projected, await digestsOfReadModels(database.connectionString))).toEqual([]);
  expect(await indexesOfReadModels()).toEqual(indexes);
  const again = await rebuildReadModels({ log: delivering(log), authenticator: trusting, connect });
  expect(again).toMatchObject({ events: written });
  expect(differingTables(projected, await digestsOfReadModels(database.connectionString))).toEqual([]);

  const reported: RebuildProgress[] = [];
  const small = {
    maxRemembered: EVENTS / 100,
    continues: true,
    onProgress: (progress: RebuildProgress) => reported.push(progress),
  };
  await expect(
    rebuildReadModels({ log: endingAfter(log, BigInt(written) / 2n), authenticator: trusting, connect }, small),
  ).rejects.toThrow('killed');
  const before = reported.at(-1)?.events ?? 0;
  expect(before).toBeGreaterThan(written / 3);
  reported.length = 0;
  expect(await rebuildReadModels({ log, authenticator: trusting, connect }, small)).toMatchObject({ events: written });
  expect(differingTables(projected, await digestsOfReadModels(database.connectionString))).toEqual([]);
  expect(await indexesOfReadModels()).toEqual(indexes);
  // It went on where it was.
  expect(reported[0]?.events).toBeGreaterThan(before);
  expect(reported.at(-1)).toEqual({ events: written, share: 1 });
}, 600_000);

describe('what an ended rebuild left, with a row that somebody changed there,', () => {
  /** A rebuilt database, whose next rebuild finds such tables, and may go on with them as far as their mark tells. */
  async function leftWithFalseRow() {
    const { connectionString } = await createTestDatabase();
    const few = createPostgresEventLog({ connectionString, logger: SILENT });
    onTestFinished(() => few.close());
    await appendAll(
      few,
      ...eventsOf(['create', 'rotate', 'rename', 'test', 'rotate', 'rename'].map((step) => ['a', step] as const)),
    );
    const connect = (options?: { readonly pipeline: boolean }) => projectorClient(connectionString, options);
    const deps = { log: few, authenticator: trusting, connect };
    await rebuildReadModels(deps);
    const rebuilt = await digestsOfReadModels(connectionString);
    const ended = { ...deps, log: endingAfter(few, 2n, 2) };
    await expect(rebuildReadModels(ended, { maxRemembered: 0 })).rejects.toThrow('killed');
    const client = await connect();
    const { rowCount } = await client.query(`update read_models_next.registries set email = 'false@example.com'`);
    await client.end();
    expect(rowCount).toBe(1);
    return { deps, rebuilt, digests: () => digestsOfReadModels(connectionString) };
  }

  it('is not gone on with unless the operator says so', async () => {
    const { deps, rebuilt, digests } = await leftWithFalseRow();
    await rebuildReadModels(deps);
    expect(differingTables(rebuilt, await digests())).toEqual([]);
  });

  it('is not gone on with by other code, whatever the operator says', async () => {
    const { deps, rebuilt, digests } = await leftWithFalseRow();
    const changed = await createMutant('adapters/postgres/read-models', [
      { file: 'read-models-version.ts', find: READ_MODELS_VERSION, replace: 'another' },
    ]);
    const other = await changed.load<Record<'rebuildReadModels', typeof rebuildReadModels>>('rebuild.ts');
    await other.rebuildReadModels(deps, { continues: true });
    expect(differingTables(rebuilt, await digests())).toEqual([]);
  });

  it('(negative control) is believed if the operator says so', async () => {
    const { deps, rebuilt, digests } = await leftWithFalseRow();
    await rebuildReadModels(deps, { continues: true });
    expect(differingTables(rebuilt, await digests())).not.toEqual([]);
  });
});

it('(negative control) a rebuild that applies events twice gives other rows', async () => {
  const { connectionString } = await createTestDatabase();
  const few = createPostgresEventLog({ connectionString, logger: SILENT });
  onTestFinished(() => few.close());
  const steps = ['create', 'rotate', 'rename', 'test', 'rotate', 'rename'];
  await appendAll(few, ...eventsOf(steps.map((step) => ['a', step] as const)));
  const connect = (options?: { readonly pipeline: boolean }) => projectorClient(connectionString, options);
  const deps = { log: delivering(few), authenticator: trusting, connect };

  await rebuildReadModels(deps);
  const once = await digestsOfReadModels(connectionString);
  const mutant = await createMutant('adapters/postgres/read-models', [
    { file: 'apply-events.ts', find: 'if (event.position <= reached) return false;', replace: '' },
  ]);
  const twice = await mutant.load<Record<'rebuildReadModels', typeof rebuildReadModels>>('rebuild.ts');
  await twice.rebuildReadModels(deps);
  expect(differingTables(once, await digestsOfReadModels(connectionString))).not.toEqual([]);
});
