import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { createAuditQueries } from '../../../../src/adapters/postgres/read-models/audit-queries.ts';
import { countParkedStreams } from '../../../../src/adapters/postgres/read-models/parked-events.ts';
import { rebuildReadModels } from '../../../../src/adapters/postgres/read-models/rebuild.ts';
import { recheckSecrets } from '../../../../src/adapters/postgres/read-models/secret-presence.ts';
import type { EventLog } from '../../../../src/application/ports/event-log.ts';
import { chainHash, firstPreviousHash } from '../../../../src/domain/audit-entry.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';
import { projectorClient, trusting } from '../../../support/read-models.ts';
import {
  createdEvent,
  deletedEvent,
  discardedEvent,
  idOf,
  renamedEvent,
  rotatedEvent,
  streamOf,
  unstorableEvent,
} from '../../../support/recorded-events.ts';
import { appendAll, type RunningProjector, startProjector } from '../../../support/running-projector.ts';
import { withClient } from '../../../support/server-databases.ts';

let database: TestDatabase;
let log: EventLog;
let reads: ReadConnections;
let replica: RunningProjector;
beforeAll(async () => {
  database = await createTestDatabase();
  const { connectionString } = database;
  log = createPostgresEventLog({ connectionString, logger: SILENT });
  reads = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  replica = startProjector(connectionString, log);
});
afterAll(async () => {
  await replica.stop();
  await reads.close();
  await log.close();
});

async function query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return withClient(database.connectionString, async (client) => (await client.query(text, values)).rows as Row[]);
}

/** Rows of the vault. The ciphertexts do not matter here. */
async function seal(registry: string, ...versions: number[]): Promise<void> {
  for (const version of versions) {
    await query(
      `insert into vault.secrets (secret_id, project_id, registry_id, credential_version, host, state, format, kek_id,
         wrapped_key, message_id, commitment, ciphertext, digest)
       values ($1, 'demo', $2, $3, 'host', 'pending', 1, 1, '', '', '', '', sha256(''))`,
      [idOf(`${registry}-${version}`), idOf(registry), version],
    );
  }
}

const secretsOf = async (registry: string) =>
  (
    await query<{ secret: string }>(
      `select concat_ws(' ', credential_version, state) as secret from vault.secrets where registry_id = $1 order by 1`,
      [idOf(registry)],
    )
  ).map(({ secret }) => secret);

async function apply(...events: Parameters<typeof appendAll>[1][]): Promise<void> {
  await replica.passed((await appendAll(log, ...events)).position);
}

/** Every entry's hash follows from the previous one. */
async function expectWholeChain(): Promise<void> {
  const { items } = await createAuditQueries(reads).list('demo', { filter: {}, first: 1_000, after: undefined });
  let previous = firstPreviousHash('demo');
  for (const { node: entry } of items.toReversed()) {
    previous = chainHash(previous, entry.sequence, entry);
    expect(entry.hash).toBe(previous);
  }
}

const nameOf = (registry: string) => streamOf(createdEvent(registry, 1));
/** A stream that was deleted stands here only if what the database refuses was not overtaken within a batch. */
const parkedStreams = async () =>
  (await query<{ stream: string }>('select distinct stream from read_models.parked_events order by 1')).map(
    ({ stream }) => stream,
  );

const rebuild = () =>
  rebuildReadModels({
    log,
    authenticator: trusting,
    connect: (options) => projectorClient(database.connectionString, options),
  });

const rowOf = async (registry: string) =>
  (
    await query<{ name: string; secret_missing: boolean }>(
      'select name, secret_missing from read_models.registries where id = $1',
      [idOf(registry)],
    )
  )[0];

describe('a rebuild', () => {
  it('settles and destroys secrets that were not handled when their events happened', async () => {
    await apply(createdEvent('e', 1), rotatedEvent('e', 2), createdEvent('f', 1), deletedEvent('f'));
    await apply(createdEvent('g', 1), discardedEvent('g', 2));
    // As if no build could read these events when they arrived.
    await seal('e', 1, 2, 3);
    await seal('f', 1, 2);
    await seal('g', 1, 2);
    await rebuild();
    expect(await secretsOf('e')).toEqual(['1 destroyed', '2 current', '3 pending']);
    expect(await secretsOf('f')).toEqual(['1 destroyed', '2 pending']);
    expect(await secretsOf('g')).toEqual(['1 current', '2 destroyed']);
    expect(await rowOf('e')).toMatchObject({ secret_missing: false });
  });
});

describe('a parked stream', () => {
  it('still loses its old secret at a rotation, and all secrets at a deletion', async () => {
    await seal('a', 1, 2, 3);
    await apply(createdEvent('a', 1), unstorableEvent('a'), rotatedEvent('a', 2));
    expect(await secretsOf('a')).toEqual(['1 destroyed', '2 current', '3 pending']);
    // Across batches, and for a version that is only in a parked event.
    await apply(rotatedEvent('a', 3));
    expect(await secretsOf('a')).toEqual(['1 destroyed', '2 destroyed', '3 current']);
    await apply(deletedEvent('a'));
    expect(await secretsOf('a')).toEqual(['1 destroyed', '2 destroyed', '3 destroyed']);
  });

  it('loses discarded pending secrets, also of a registry that is created again', async () => {
    await seal('b', 1, 2, 3);
    await apply(createdEvent('b', 1), unstorableEvent('b'), discardedEvent('b', 2), deletedEvent('b'));
    expect(await secretsOf('b')).toEqual(['1 destroyed', '2 destroyed', '3 pending']);
    await apply(createdEvent('b', 3));
    expect(await secretsOf('b')).toEqual(['1 destroyed', '2 destroyed', '3 current']);
  });

  it('applies an event to the vault even if the database refuses its rows', async () => {
    await seal('c', 1, 2);
    await query(
      `alter table read_models.registries add constraint one_version check (credential_version < 2) not valid`,
    );
    try {
      await apply(createdEvent('c', 1), rotatedEvent('c', 2));
    } finally {
      await query('alter table read_models.registries drop constraint one_version');
    }
    expect(await secretsOf('c')).toEqual(['1 destroyed', '2 current']);
  });

  it('is counted in the database, no matter which replica leads', async () => {
    const before = await countParkedStreams(reads);
    await apply(createdEvent('d', 1), unstorableEvent('d'), renamedEvent('d', 'waits'));
    expect(await countParkedStreams(reads)).toBe(before + 1);
  });
});

describe('a rebuild over events that the database refuses', () => {
  it('parks them again, and still brings the vault up to date', async () => {
    await apply(createdEvent('h', 1), unstorableEvent('h'), rotatedEvent('h', 2));
    await seal('h', 1, 2);
    const parked = await parkedStreams();
    await rebuild();
    expect(await secretsOf('h')).toEqual(['1 destroyed', '2 current']);
    expect(await rowOf('h')).toMatchObject({ name: 'h', secret_missing: false });
    const left = await parkedStreams();
    expect(left).toContain(nameOf('h'));
    // It was parked for a rule that no longer exists.
    expect([parked.includes(nameOf('c')), left.includes(nameOf('c'))]).toEqual([true, false]);
    expect(await countParkedStreams(reads)).toBe(left.length);
  });
});

describe('a rebuild that can apply parked events', () => {
  it('frees the stream, and the leader continues from the new rows, not from its memory', async () => {
    await query(`alter table read_models.registries add constraint unwanted check (name <> 'unwanted') not valid`);
    await apply(createdEvent('i', 1), renamedEvent('i', 'unwanted'), rotatedEvent('i', 2));
    expect(await parkedStreams()).toContain(nameOf('i'));
    await query('alter table read_models.registries drop constraint unwanted');
    await rebuild();
    expect(await rowOf('i')).toMatchObject({ name: 'unwanted' });
    expect(await parkedStreams()).not.toContain(nameOf('i'));
    const faults = replica.faults.length;
    await apply(renamedEvent('i', 'free again'), createdEvent('j', 1));
    expect(await rowOf('i')).toMatchObject({ name: 'free again' });
    expect(await rowOf('j')).toMatchObject({ name: 'j' });
    expect(replica.faults.slice(faults)).toEqual([]);
    await expectWholeChain();
  });
});

describe('a missing secret', () => {
  it('is shown even if its registry has no new events, and no longer after it is back', async () => {
    await seal('lost', 1);
    await seal('kept', 1);
    await apply(createdEvent('lost', 1), createdEvent('kept', 1));
    await recheckSecrets(reads);
    expect(await recheckSecrets(reads)).toBe(0);
    const [row] = await query<Record<string, unknown>>('delete from vault.secrets where secret_id = $1 returning *', [
      idOf('lost-1'),
    ]);
    expect(await rowOf('lost')).toMatchObject({ secret_missing: false });
    expect(await recheckSecrets(reads)).toBe(1);
    expect(await rowOf('lost')).toMatchObject({ secret_missing: true });
    expect(await rowOf('kept')).toMatchObject({ secret_missing: false });

    const columns = Object.keys(row ?? {});
    await query(
      `insert into vault.secrets (${columns}) values (${columns.map((_, index) => `$${index + 1}`)})`,
      Object.values(row ?? {}),
    );
    expect(await recheckSecrets(reads)).toBe(1);
    expect(await rowOf('lost')).toMatchObject({ secret_missing: false });
  });

  it('is not reported for a parked stream, because its row still names the previous version', async () => {
    await seal('late', 1, 2);
    await apply(createdEvent('late', 1));
    await apply(renamedEvent('late', 'shown'), unstorableEvent('late'), rotatedEvent('late', 2));
    expect(await secretsOf('late')).toEqual(['1 destroyed', '2 current']);
    expect(await recheckSecrets(reads)).toBe(0);
    expect(await rowOf('late')).toMatchObject({ name: 'shown', secret_missing: false });
  });
});
