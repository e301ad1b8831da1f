import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BEGINNING } from '../../src/application/ports/event-log.ts';
import { idempotencyStream, registryStream } from '../../src/domain/identity.ts';
import { eventsAfter } from '../contract/event-log-store.ts';
import { type ProtocolDouble, startProtocolDouble } from '../support/protocol-double/start.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { until } from '../support/until.ts';
import { findingsAtHome } from './findings.ts';
import { type Hold, holdAppends, holdRow } from './holds.ts';
import { createLedger, type Ledger, type Mutation, versionOf } from './ledger.ts';
import { type Client, createClient } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

/**
 * The service is stopped at a step by a lock that a test's own transaction holds on a row which that step needs, or by a
 * protocol double that keeps back appends, and killed there. What it had sent is either cut off as well, or comes through.
 */
describe('a service that is killed between two steps of a mutation', () => {
  let double: ProtocolDouble | undefined;
  let home: PurserHome;
  let ledger: Ledger;
  let client: Client;
  let created: Mutation;
  beforeAll(async () => {
    // Not the run's, where the appends of other tests would be kept back as well.
    double = inject('eventStore') ? await startProtocolDouble() : undefined;
    home = await createPurserHome(double ? { EVENT_STORE_URL: double.url(), EVENT_STORE_PREFIX: 'steps' } : {});
    await home.start();
  });
  afterAll(async () => {
    await home.remove();
    await double?.close();
  });

  async function startWithRegistry(): Promise<void> {
    ledger ??= createLedger(home.issuer.issuerConfig.issuer);
    client ??= createClient(home);
    created = ledger.create();
    await client.settle(created);
  }

  it.each([
    ['it never reaches the log', { comesThrough: false, claims: 0 }],
    ['it comes through after its sender is gone', { comesThrough: true, claims: 1 }],
  ])('between storing the secret and claiming the key: %s', async (_, { comesThrough, claims }) => {
    await startWithRegistry();
    const rotation = ledger.rotate(created.registry);
    await killAtAppend(rotation, comesThrough, async () => (await claimCount(rotation)) === claims);
    await home.start();

    expect(await currentVersion()).toBe(1);
    expect(await readBackFaults(client, ledger)).toEqual([]);
    await client.settle(rotation);
    expect(versionOf(rotation)).toBe(2);
    await requireNoFindings(rotation);
  });

  it.each([
    ['the append never reaches the log', { comesThrough: false, version: 1 }],
    ['the append comes through after its sender is gone', { comesThrough: true, version: 2 }],
  ])('between claiming the key and appending the event: %s', async (_, { comesThrough, version }) => {
    await startWithRegistry();
    const rotation = ledger.rotate(created.registry);
    await killAtAppend(rotation, true, async () => (await claimCount(rotation)) === 1);
    await home.start();
    // The key is claimed: the event now waits for the log.
    await killAtAppend(rotation, comesThrough, async () => (await eventCount()) === version);
    await home.start();

    expect(await currentVersion()).toBe(version);
    expect(await readBackFaults(client, ledger)).toEqual([]);
    await client.settle(rotation);
    expect(versionOf(rotation)).toBe(2);
    await requireNoFindings(rotation);
  });

  it.each([
    ['the read models were not touched', false],
    ['the batch comes through after its sender is gone', true],
  ])('between appending the event and projecting it: %s', async (_, comesThrough) => {
    await startWithRegistry();
    const rotation = ledger.rotate(created.registry);
    await home.withDatabase(async (database) => {
      const hold = await holdRow(database, 'read_models.checkpoint', 'purser projector');
      await killAt(hold, rotation, async () => (await eventCount()) === 2);
      await until(async () => (await secretStates(database)).join() === 'destroyed,current');
      await hold.letGo(comesThrough);
    });
    await home.start();

    await until(async () => (await currentVersion()) === 2);
    await client.settle(rotation);
    expect(versionOf(rotation)).toBe(2);
    await requireNoFindings(rotation);
    expect(await home.withDatabase(secretStates)).toEqual(['destroyed', 'current']);
  });

  /** `after`: what the log holds when the append is let go. */
  async function killAtAppend(rotation: Mutation, comesThrough: boolean, after: () => Promise<boolean>): Promise<void> {
    await home.withDatabase(async (database) => {
      const before = await pendingCount(database, rotation);
      const hold = double ? await holdAppends(double) : await holdRow(database, 'log.head', 'purser log writer');
      await killAt(hold, rotation, async () => (await pendingCount(database, rotation)) === before + 1);
      await hold.letGo(comesThrough);
      await until(after);
    });
  }

  /** Sends the mutation, waits until it is held back, and kills the service there. */
  async function killAt(hold: Hold, mutation: Mutation, reached: () => Promise<boolean>): Promise<void> {
    const answer = client.send(mutation);
    await until(reached);
    await until(hold.isReached);
    await home.kill('SIGKILL');
    await answer;
    expect(mutation.outcome).toEqual({ kind: 'unknown' });
  }

  async function pendingCount(database: pg.Client, { registry }: Mutation): Promise<number> {
    const isPending = `select from vault.secrets where registry_id = $1 and state = 'pending'`;
    return (await database.query(isPending, [registry.id])).rowCount ?? 0;
  }

  const claimCount = ({ idempotencyId = '' }: Mutation) => countIn(idempotencyStream(idempotencyId));

  const eventCount = () => countIn(registryStream(created.registry.projectId, created.registry.id));

  async function countIn(stream: string): Promise<number> {
    const events = await home.withEvents((log) => eventsAfter(log, BEGINNING));
    return events.filter((event) => event.stream === stream).length;
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
    expect(await findingsAtHome(home, ledger)).toEqual([]);
  }
});
