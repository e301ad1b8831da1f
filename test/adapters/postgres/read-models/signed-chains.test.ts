import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuditHeads } from '../../../../src/adapters/postgres/audit-heads.ts';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { createFeed } from '../../../../src/adapters/postgres/read-models/feeds.ts';
import { createNoticeFeedQuery } from '../../../../src/adapters/postgres/read-models/notice-queries.ts';
import { type RebuildOptions, rebuildReadModels } from '../../../../src/adapters/postgres/read-models/rebuild.ts';
import { signAuditHeads } from '../../../../src/application/audit/sign-audit-heads.ts';
import type { EventLog } from '../../../../src/application/ports/event-log.ts';
import type { NoticeView } from '../../../../src/application/ports/read-models.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';
import { differingTables, digestsOfReadModels, projectorClient, trusting } from '../../../support/read-models.ts';
import {
  createdEvent,
  idOf,
  METADATA,
  renamedEvent,
  rotatedEvent,
  streamOf,
} from '../../../support/recorded-events.ts';
import { appendAll, type RunningProjector, startProjector } from '../../../support/running-projector.ts';
import { withClient } from '../../../support/server-databases.ts';

/** Events of this type are forged, by an authenticator that trusts all others. */
const FORGED_NAME = 'written by somebody else';
const suspicious = {
  ...trusting,
  isAuthentic: ({ json }: { readonly json: string }) => !json.includes(FORGED_NAME),
  isSigned: ({ type }: { readonly type: string }) => type.startsWith('OfNewer'),
};

let database: TestDatabase;
let log: EventLog;
let reads: ReadConnections;
let replica: RunningProjector;
let broken: string[];
beforeEach(async () => {
  database = await createTestDatabase();
  const { connectionString } = database;
  log = createPostgresEventLog({ connectionString, logger: SILENT });
  reads = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  replica = startProjector(connectionString, log, suspicious);
  broken = [];
});
afterEach(async () => {
  await replica.stop();
  await reads.close();
  await log.close();
});

async function query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return withClient(database.connectionString, async (client) => (await client.query(text, values)).rows as Row[]);
}

async function apply(...events: Parameters<typeof appendAll>[1][]): Promise<void> {
  await replica.passed((await appendAll(log, ...events)).position);
}

/** As another process, which remembers no recent events. */
async function rebuild(options: RebuildOptions = {}): Promise<void> {
  const { connectionString } = database;
  const stored = createPostgresEventLog({ connectionString, logger: SILENT });
  const connect = (each: { readonly pipeline: boolean }) => projectorClient(connectionString, each);
  await rebuildReadModels({ log: stored, authenticator: suspicious, connect }, options).finally(() => stored.close());
}

/** As the leader does each minute. @returns up to which entry the chain of the project is signed */
async function sign(): Promise<number> {
  const heads = createAuditHeads(reads);
  await signAuditHeads({
    heads,
    signer: {
      refresh: () => Promise.resolve(),
      sign: (head) => ({ ...head, format: 1, keyId: 'test', signature: Buffer.alloc(64).toString('base64') }),
    },
    instance: 'test',
    metrics: { headsSigned: () => undefined, chainsBroken: () => undefined },
    now: Date.now,
    onBroken: (projects) => broken.push(...projects),
  })();
  const { heads: signed } = await heads.list('demo', { first: 1, before: undefined });
  return signed[0]?.sequence ?? 0;
}

const hashes = async () =>
  (
    await query<{ hash: string }>(
      `select hash from read_models.audit_entries where project_id = 'demo' order by sequence`,
    )
  ).map(({ hash }) => hash);
const notices = () =>
  query('select sequence, registry_id, credential_version from read_models.notices order by sequence');

/** Removes the last event of a stream, as docs/operations.md says for one that is forged. */
async function removeLast(registry: string): Promise<void> {
  const stream = streamOf(createdEvent(registry, 1));
  await query(
    `begin; alter table log.events disable trigger append_only; grant delete on log.events to current_user;
     delete from log.events where stream = '${stream}'
        and revision = (select max(revision) from log.events where stream = '${stream}');
     revoke delete on log.events from current_user; alter table log.events enable always trigger append_only; commit`,
  );
}

/** While `test` runs, the database refuses the name. */
async function refusing(name: string, test: () => Promise<void>): Promise<void> {
  await query(`alter table read_models.registries add constraint refused check (name <> '${name}') not valid`);
  await test();
  await query('alter table read_models.registries drop constraint refused');
}

describe('a rebuild after', () => {
  it('a stream was parked and can be applied: the chain is the one that was signed, and goes on', async () => {
    await apply(createdEvent('a', 1), createdEvent('b', 1));
    await refusing('unwanted', () => apply(renamedEvent('a', 'unwanted'), rotatedEvent('a', 2), rotatedEvent('b', 2)));
    expect(await sign()).toBe(5);
    const [signed, told] = [await hashes(), await notices()];
    await rebuild();
    expect(await hashes()).toEqual(signed);
    expect(await query('select name from read_models.registries where id = $1', [idOf('a')])).toEqual([
      { name: 'unwanted' },
    ]);
    expect(await query('select from read_models.parked_events')).toEqual([]);
    // The notice of the parked rotation stands between others, whose numbers are the same.
    expect(await notices()).toEqual([{ sequence: '4', registry_id: idOf('a'), credential_version: 2 }, ...told]);
    await apply(renamedEvent('a', 'free'));
    expect(await sign()).toBe(6);
    const digests = await digestsOfReadModels(database.connectionString);
    await rebuild();
    expect(differingTables(digests, await digestsOfReadModels(database.connectionString))).toEqual([]);
    expect(broken).toEqual([]);
  });

  it.each([
    ['in the middle', [renamedEvent('b', 'later')]],
    ['at the end', []],
  ])('a forged event was removed %s: the chain still says that it was there, and goes on', async (_where, later) => {
    await apply(createdEvent('a', 1), createdEvent('b', 1), rotatedEvent('b', 2));
    await apply(renamedEvent('a', FORGED_NAME), ...later, rotatedEvent('b', 3));
    const entries = 5 + later.length;
    expect(await sign()).toBe(entries);
    const [signed, told] = [await hashes(), await notices()];
    await removeLast('a');
    await rebuild();
    expect(await hashes()).toEqual(signed);
    expect(await notices()).toEqual(told);
    await apply(renamedEvent('a', 'used again'));
    expect(await query('select name from read_models.registries where id = $1', [idOf('a')])).toEqual([
      { name: 'used again' },
    ]);
    expect(await sign()).toBe(entries + 1);
    expect(broken).toEqual([]);
    expect(await query(`select from read_models.audit_entries where action = 'REFUSE_FORGED_EVENT'`)).toHaveLength(1);
  });

  it('nothing but a forged event was there: its entry stays', async () => {
    await apply(renamedEvent('a', FORGED_NAME));
    expect(await sign()).toBe(1);
    const signed = await hashes();
    await removeLast('a');
    await rebuild();
    expect(await hashes()).toEqual(signed);
  });

  it('an event was changed that was signed: it refuses, says what differs, and leaves everything as it is', async () => {
    await apply(createdEvent('a', 1), renamedEvent('a', 'one'), renamedEvent('a', 'two'));
    await sign();
    const before = await digestsOfReadModels(database.connectionString);
    await query(
      `begin; alter table log.events disable trigger append_only; grant update on log.events to current_user;
       update log.events set data = replace(data::text, '"one"', '"ONE"')::json where revision = 1;
       revoke update on log.events from current_user; alter table log.events enable always trigger append_only; commit`,
    );
    await expect(rebuild()).rejects.toThrow(
      /^The events give another audit log than the one that was signed, for "demo": entry 3 of "demo" was signed at .*Z, and entry 2 is the first that differs\. /,
    );
    expect(differingTables(before, await digestsOfReadModels(database.connectionString))).toEqual([]);
    expect(await query(`select from pg_namespace where nspname like 'read_models_%'`)).toEqual([]);
    await rebuild({ despiteSignedHeads: true });
    expect(differingTables(before, await digestsOfReadModels(database.connectionString))).not.toEqual([]);
  });

  it('the last events were lost: it refuses, and says that the chain is shorter', async () => {
    await apply(createdEvent('a', 1), renamedEvent('a', 'one'));
    await sign();
    await removeLast('a');
    await expect(rebuild()).rejects.toThrow(/entry 2 of "demo" was signed at .*, and the events give fewer entries\. /);
  });
});

describe('subscribers', () => {
  it('lose and double nothing over a rebuild that frees a stream, connected or with a cursor from before', async () => {
    const feed = createFeed<NoticeView>({
      query: createNoticeFeedQuery(reads),
      follow: replica.progress.follow,
      onFault: (error) => replica.faults.push(error),
    });
    const stopping = new AbortController();
    const seen: NoticeView[] = [];
    const connected = (async () => {
      for await (const notice of feed.follow('demo', undefined, stopping.signal)) seen.push(notice);
    })();
    await apply(createdEvent('a', 1), createdEvent('b', 1));
    await refusing('unwanted', () =>
      apply(renamedEvent('a', 'unwanted'), rotatedEvent('a', 2), rotatedEvent('a', 3), rotatedEvent('b', 2)),
    );
    await expect.poll(() => seen.length).toBe(1);
    await rebuild();
    await apply(rotatedEvent('b', 3), rotatedEvent('a', 4));
    await expect.poll(() => seen.length).toBeGreaterThan(2);
    const of = ({ registryId, credentialVersion }: NoticeView) => [registryId, credentialVersion];
    expect(seen.map(of)).toEqual([
      [idOf('b'), 2],
      [idOf('b'), 3],
      [idOf('a'), 4],
    ]);
    const resumed: NoticeView[] = [];
    for await (const notice of feed.follow('demo', seen[0]?.sequence, stopping.signal)) {
      if (resumed.push(notice) === 2) break;
    }
    expect(resumed).toEqual(seen.slice(1));
    stopping.abort();
    await connected;
  });
});

describe('an event that a newer Purser wrote and signed', () => {
  /** As a newer version appends it to the stream of the registry. */
  async function appendNewer(registry: string): Promise<void> {
    await query(
      `with head as (update log.head set position = position + 1 returning position)
       insert into log.events (position, stream, revision, event_id, type, schema_version, occurred_at, data, metadata)
       select position, $1::text, (select max(revision) + 1 from log.events where stream = $1), $2, 'OfNewerVersion', 1, now(),
         '{}', $3 from head`,
      [streamOf(createdEvent(registry, 1)), randomUUID(), JSON.stringify(METADATA)],
    );
  }

  it('stops the read models before it, parks nothing, gives up the lead, and says so', async () => {
    await apply(createdEvent('a', 1));
    await appendNewer('a');
    const { position } = await appendAll(log, renamedEvent('a', 'after it'));
    await expect
      .poll(() => replica.projector.newerEvent, { timeout: 10_000 })
      .toMatch(
        /^The event at position 2 is OfNewerVersion with schema version 1, which this version cannot read: a newer Purser wrote it\. /,
      );
    expect(replica.progress.position).toBe(1n);
    expect(await query('select from read_models.parked_events')).toEqual([]);
    expect(await hashes()).toHaveLength(1);
    await expect.poll(() => replica.projector.leading).toBe(false);
    await expect(rebuild()).rejects.toThrow('a newer Purser wrote it');
    // Stands for the newer version: it passes the event.
    const newer = startProjector(database.connectionString, log, trusting);
    await newer.passed(position);
    await replica.passed(position);
    expect(replica.projector.newerEvent).toBeUndefined();
    await newer.stop();
  });
});
