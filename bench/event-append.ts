import { randomUUID } from 'node:crypto';
import pg, { type Client } from 'pg';
import { createPostgresEventLog } from '../src/adapters/postgres/event-log.ts';
import { SILENT } from '../src/adapters/postgres/log.ts';
import type { EventMetadata, EventToAppend } from '../src/application/ports/event-log.ts';
import type { CredentialIssued } from '../src/domain/events.ts';

const RAW_CONNECTIONS = 32;
const WARM_UP_MS = 500;
const RAW_TABLE = 'bench_raw_events';

export interface AppendRates {
  /** One row of the same size a statement, durable, on 32 connections, into a table with a primary key and no other index. */
  readonly rawPerSecond: number;
  readonly appendPerSecond32: number;
  readonly appendPerSecond128: number;
}

/**
 * Appends of one event of 600 bytes, each to a new stream, by 32 and by 128 callers in this process, against single
 * inserts. The three take turns in short slices, so that a slow moment of the machine does not fall on one alone.
 * The database must be migrated; it is left with the events in it.
 */
export async function benchAppend(
  connectionString: string,
  { slices = 4, sliceMs = 1_000 }: { slices?: number; sliceMs?: number } = {},
): Promise<AppendRates> {
  const log = createPostgresEventLog({ connectionString, log: SILENT });
  const clients = await Promise.all(Array.from({ length: RAW_CONNECTIONS }, () => connect(connectionString)));
  const [first] = clients;
  await first?.query(`drop table if exists ${RAW_TABLE}`);
  await first?.query(
    `create table ${RAW_TABLE} (position bigserial primary key, event_id uuid not null, stream text not null,
       revision int not null, type text not null, occurred_at timestamptz not null, data json not null, metadata json not null)`,
  );

  const append = async () => {
    const event = sampleEvent();
    await log.append(`lease-${event.id}`, 'no-stream', [event]);
  };
  const workers = {
    raw: clients.map((client) => () => insertRaw(client)),
    append32: Array.from({ length: 32 }, () => append),
    append128: Array.from({ length: 128 }, () => append),
  };
  const done = { raw: 0, append32: 0, append128: 0 };
  try {
    for (const kind of ['raw', 'append32', 'append128'] as const) await runFor(WARM_UP_MS, workers[kind]);
    for (let slice = 0; slice < slices; slice += 1) {
      for (const kind of ['raw', 'append32', 'append128'] as const) done[kind] += await runFor(sliceMs, workers[kind]);
    }
  } finally {
    await first?.query(`drop table if exists ${RAW_TABLE}`);
    await Promise.all([log.close(), ...clients.map((client) => client.end())]);
  }
  const perSecond = (count: number) => Math.round(count / ((slices * sliceMs) / 1_000));
  return {
    rawPerSecond: perSecond(done.raw),
    appendPerSecond32: perSecond(done.append32),
    appendPerSecond128: perSecond(done.append128),
  };
}

/** How many times the workers got done. */
async function runFor(milliseconds: number, workers: readonly (() => Promise<void>)[]): Promise<number> {
  const end = performance.now() + milliseconds;
  let count = 0;
  await Promise.all(
    workers.map(async (work) => {
      while (performance.now() < end) {
        await work();
        count += 1;
      }
    }),
  );
  return count;
}

async function connect(connectionString: string): Promise<Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

async function insertRaw(client: Client): Promise<void> {
  const { id, event, occurredAt, metadata } = sampleEvent();
  await client.query({
    name: 'raw',
    text: `insert into ${RAW_TABLE} (event_id, stream, revision, type, occurred_at, data, metadata)
           values ($1, $2, 0, $3, $4, $5, $6)`,
    values: [id, `lease-${id}`, event.type, occurredAt, JSON.stringify(event.data), JSON.stringify(metadata)],
  });
}

const METADATA: EventMetadata = {
  projectId: 'demo',
  actor: 'pipeline@example.com',
  issuer: 'https://issuer.example.com',
  ipAddress: '192.0.2.7',
  userAgent: null,
  requestId: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
  durationMs: 3,
  fingerprint: null,
};

function sampleEvent(): EventToAppend & { readonly event: CredentialIssued } {
  const id = randomUUID();
  const occurredAt = new Date().toISOString();
  return {
    id,
    occurredAt,
    metadata: METADATA,
    event: {
      type: 'CredentialIssued',
      data: {
        leaseId: id,
        registryId: 'b7f2c9d0-3f0a-5c53-9d5b-0d0c2f6d1a11',
        url: 'registry.example.com:5000',
        credentialVersion: 3,
        secret: { secretId: id, digest: '3f'.repeat(32) },
        image: 'registry.example.com:5000/team/app:1.2.3',
        pipeline: 'build',
        runId: '4711',
        purpose: 'PULL',
        expiresAt: occurredAt,
      },
    },
  };
}
