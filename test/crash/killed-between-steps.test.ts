import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idempotencyStream, registryStream } from '../../src/domain/identity.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { until } from '../support/until.ts';
import { findingsIn } from './findings.ts';
import { createLedger, type Ledger, type Mutation, versionOf } from './ledger.ts';
import { type Client, createClient } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

/**
 * The service is stopped at a step by a lock that a test's own transaction holds on a row which that step needs, and
 * killed there. What it had sent to Postgres is either cut off as well, or goes through once the lock is gone.
 */
describe('a service that is killed between two steps of a mutation', () => {
  let home: PurserHome;
  let ledger: Ledger;
  let client: Client;
  let created: Mutation;
  beforeAll(async () => {
    home = await createPurserHome();
    await home.start();
  });
  afterAll(() => home.remove());

  async function startWithRegistry(): Promise<void> {
    ledger ??= createLedger(home.issuer.issuerConfig.issuer);
    client ??= createClient(home);
    created = ledger.create();
    await client.settle(created);
  }

  it.each([
    ['it never reaches the log', { cutOff: 'purser log writer', claims: 0 }],
    ['it comes through after its sender is gone', { cutOff: null, claims: 1 }],
  ])('between storing the secret and claiming the key: %s', async (_, { cutOff, claims }) => {
    await startWithRegistry();
    const rotation = ledger.rotate(created.registry);
    await killAtAppend(rotation, cutOff, async (database) => (await claimCount(database, rotation)) === claims);
    await home.start();

    expect(await currentVersion()).toBe(1);
    expect(await readBackFaults(client, ledger)).toEqual([]);
    await client.settle(rotation);
    expect(versionOf(rotation)).toBe(2);
    await requireNoFindings(rotation);
  });

  it.each([
    ['the append never reaches the log', { cutOff: 'purser log writer', version: 1 }],
    ['the append comes through after its sender is gone', { cutOff: null, version: 2 }],
  ])('between claiming the key and appending the event: %s', async (_, { cutOff, version }) => {
    await startWithRegistry();
    const rotation = ledger.rotate(created.registry);
    await killAtAppend(rotation, null, async (database) => (await claimCount(database, rotation)) === 1);
    await home.start();
    // The key is claimed: the event now waits for the log.
    await killAtAppend(rotation, cutOff, async (database) => (await eventCount(database)) === version);
    await home.start();

    expect(await currentVersion()).toBe(version);
    expect(await readBackFaults(client, ledger)).toEqual([]);
    await client.settle(rotation);
    expect(versionOf(rotation)).toBe(2);
    await requireNoFindings(rotation);
  });

  it.each([
    ['the read models were not touched', 'purser projector'],
    ['the batch comes through after its sender is gone', null],
  ])('between appending the event and projecting it: %s', async (_, cutOff) => {
    await startWithRegistry();
    const rotation = ledger.rotate(created.registry);
    await home.withDatabase(async (database) => {
      await killWhere(database, 'read_models.checkpoint', rotation, async () => (await eventCount(database)) === 2);
      await until(async () => (await secretStates(database)).join() === 'destroyed,current');
      await letGo(database, cutOff);
    });
    await home.start();

    await until(async () => (await currentVersion()) === 2);
    await client.settle(rotation);
    expect(versionOf(rotation)).toBe(2);
    await requireNoFindings(rotation);
    expect(await home.withDatabase(secretStates)).toEqual(['destroyed', 'current']);
  });

  /** `after`: what the log holds when the lock is gone. */
  async function killAtAppend(
    rotation: Mutation,
    cutOff: string | null,
    after: (database: pg.Client) => Promise<boolean>,
  ): Promise<void> {
    await home.withDatabase(async (database) => {
      const isPending = `select from vault.secrets where registry_id = $1 and state = 'pending'`;
      const before = await rowCount(database, isPending, rotation);
      await killWhere(
        database,
        'log.head',
        rotation,
        async () => (await rowCount(database, isPending, rotation)) === before + 1,
      );
      await letGo(database, cutOff);
      await until(() => after(database));
    });
  }

  /** Sends the mutation, waits until it stands before the locked row, and kills the service there. */
  async function killWhere(
    database: pg.Client,
    lockedTable: string,
    mutation: Mutation,
    reached: () => Promise<boolean>,
  ): Promise<void> {
    await database.query('begin');
    await database.query(`select from ${lockedTable} for update`);
    const answer = client.send(mutation);
    await until(reached);
    await until(() => someoneWaits(database));
    await home.kill('SIGKILL');
    await answer;
    expect(mutation.outcome).toEqual({ kind: 'unknown' });
  }

  async function letGo(database: pg.Client, cutOff: string | null): Promise<void> {
    if (cutOff !== null) {
      const { rowCount } = await database.query(
        'select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = $1',
        [cutOff],
      );
      expect(rowCount).toBe(1);
    }
    await database.query('rollback');
  }

  async function rowCount(database: pg.Client, query: string, { registry }: Mutation): Promise<number> {
    return (await database.query(query, [registry.id])).rowCount ?? 0;
  }

  async function claimCount(database: pg.Client, { idempotencyId = '' }: Mutation): Promise<number> {
    const stream = idempotencyStream(idempotencyId);
    return (await database.query('select from log.events where stream = $1', [stream])).rowCount ?? 0;
  }

  async function someoneWaits(database: pg.Client): Promise<boolean> {
    // Within a transaction names stay as they were first seen, which may be those of a connection just made.
    await database.query('select pg_stat_clear_snapshot()');
    const { rowCount } = await database.query(
      "select from pg_stat_activity where wait_event_type = 'Lock' and application_name <> ''",
    );
    return rowCount === 1;
  }

  async function eventCount(database: pg.Client): Promise<number> {
    const { rowCount } = await database.query('select from log.events where stream = $1', [
      registryStream(created.registry.projectId, created.registry.id),
    ]);
    return rowCount ?? 0;
  }

  async function secretStates(database: pg.Client): Promise<string[]> {
    const { rows } = await database.query<{ state: string }>(
      'select state from vault.secrets where registry_id = $1 order by credential_version, sealed_at',
      [created.registry.id],
    );
    return rows.map(({ state }) => state);
  }

  async function currentVersion(): Promise<number> {
    const { projectId, id } = created.registry;
    const { data } = await client.graphql(
      'query ($projectId: ID!, $id: ID!) { registry(projectId: $projectId, id: $id) { credential { version } } }',
      { projectId, id },
    );
    return data.registry.credential.version;
  }

  async function requireNoFindings(mutation: Mutation): Promise<void> {
    expect(await readBackFaults(client, ledger)).toEqual([]);
    expect(await repeatFaults(client, [created, mutation])).toEqual([]);
    expect(await home.withDatabase((database) => findingsIn(database, ledger))).toEqual([]);
  }
});
