import { expect, it, onTestFinished } from 'vitest';
import { dropIndexes } from '../../../../bench/dropped-indexes.ts';
import { eventsOfHistory, seedRegistryHistory } from '../../../../bench/registry-history.ts';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { differingTables, digestsOfReadModels } from '../../../support/read-models.ts';
import { rebuildInChild } from '../../../support/rebuilding-child.ts';
import { startProjector } from '../../../support/running-projector.ts';
import { withClient } from '../../../support/server-databases.ts';

/** `PURSER_REBUILD_STREAMS=130000 npx vitest run test/adapters/postgres/read-models/killed-rebuild.test.ts`: 1.3 million events. */
const USUAL_STREAMS = 800;
const STREAMS = Number(process.env.PURSER_REBUILD_STREAMS || USUAL_STREAMS);
/** By hand: then there is time, and figures are printed. */
const IS_MEASURED = STREAMS > USUAL_STREAMS;
const EVENTS = eventsOfHistory(STREAMS);
/** From so many streams on, a rebuild has many parts by itself. */
const MANY = 100_000;
const FEW = { maxRemembered: STREAMS < MANY ? STREAMS / 3 : undefined };
const HOUR_MS = 3_600_000;

/** What a rebuild left that was killed: its tables, and how many events they have. A new build has another table. */
async function tablesLeft(connectionString: string): Promise<{ readonly table: number; readonly events: number }> {
  return withClient(connectionString, async (client) => {
    const { rows: tables } = await client.query(
      `select 'read_models_next.registries'::regclass::oid::int as table, to_regclass('read_models_next.parts') as parts`,
    );
    const events = tables[0].parts
      ? 'select sum(events)::int as events from read_models_next.parts'
      : 'select events::int from read_models_next.checkpoint';
    const { rows } = await client.query(events);
    return { table: tables[0].table, events: rows[0].events };
  });
}

it(
  `a rebuild of ${EVENTS} events that is killed again and again goes on, and gives the rows that there were`,
  async () => {
    const { connectionString } = await createTestDatabase();
    await seedRegistryHistory(connectionString, STREAMS);
    await withClient(connectionString, (client) => client.query('update read_models.checkpoint set position = 0'));
    // They change no row, and keeping them up to date takes the projector most of its time with a million events. It finds leases by one.
    const createIndexes = await withClient(connectionString, (client) => dropIndexes(client, ['leases_active']));
    const log = createPostgresEventLog({ connectionString, logger: SILENT });
    onTestFinished(() => log.close());
    const live = startProjector(connectionString, log);
    expect(await live.progress.waitFor(await log.head(), IS_MEASURED ? HOUR_MS : 60_000)).toBe(true);
    await live.stop();
    expect(live.faults).toEqual([]);
    await withClient(connectionString, createIndexes);
    const projected = await digestsOfReadModels(connectionString);

    const again = { ...FEW, continues: true };
    // There is a build to go on with, but no table of it.
    const atFirstTable = { ...again, killedBefore: 'create table read_models_next.audit_entries' };
    expect(await rebuildInChild(connectionString, atFirstTable)).toBeUndefined();
    const killedAfter = EVENTS / 2;
    expect(await rebuildInChild(connectionString, { ...again, killedAfter: killedAfter + 1 })).toBeUndefined();
    const left = await tablesLeft(connectionString);
    // The parts that were folded are there, of the others nothing.
    expect(left.events).toBeGreaterThan(EVENTS / 8);
    expect(left.events).toBeLessThanOrEqual(killedAfter);
    // With some of the indexes.
    expect(await rebuildInChild(connectionString, { ...again, killedBefore: 'audit_by_text' })).toBeUndefined();
    expect(await rebuildInChild(connectionString, { ...again, killedBefore: 'alter schema' })).toBeUndefined();
    expect(await tablesLeft(connectionString)).toEqual({ ...left, events: EVENTS });
    // What is in use was left as it was.
    expect(differingTables(projected, await digestsOfReadModels(connectionString))).toEqual([]);
    const resumed = await rebuildInChild(connectionString, again);
    expect(resumed?.events).toBe(EVENTS);
    expect(differingTables(projected, await digestsOfReadModels(connectionString))).toEqual([]);

    // Of one that was killed behind its swap the next one removes what is left.
    const behindSwap = { ...FEW, killedBefore: 'drop schema read_models_old cascade' };
    expect(await rebuildInChild(connectionString, behindSwap)).toBeUndefined();
    expect((await rebuildInChild(connectionString, FEW))?.events).toBe(EVENTS);
    expect(differingTables(projected, await digestsOfReadModels(connectionString))).toEqual([]);

    if (!IS_MEASURED) return;
    const whole = await rebuildInChild(connectionString);
    expect(differingTables(projected, await digestsOfReadModels(connectionString))).toEqual([]);
    const { seconds = 0, peakBytes = 0 } = whole ?? {};
    process.stderr.write(`${Math.round(EVENTS / seconds)} events/s, at most ${Math.round(peakBytes / 2 ** 20)} MB\n`);
  },
  IS_MEASURED ? 3 * HOUR_MS : 300_000,
);
