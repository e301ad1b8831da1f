import { randomUUID } from 'node:crypto';
import pg, { type Client } from 'pg';
import type { EventToAppend, StoredMetadata } from '../src/application/ports/event-log.ts';
import type { CredentialIssued } from '../src/domain/events.ts';
import { runFor } from './callers.ts';

const CONNECTIONS = 32;
const TABLE = 'bench_raw_events';

export interface RawInserts {
  /** The number of inserts in that time. */
  runFor(milliseconds: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * The cost of one durable write alone: one 600-byte event per statement, on 32 connections, into a table with a primary
 * key and no other index.
 */
export async function openRawInserts(connectionString: string): Promise<RawInserts> {
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect(connectionString)));
  const [first] = clients;
  await first?.query(`drop table if exists ${TABLE}`);
  await first?.query(
    `create table ${TABLE} (position bigserial primary key, event_id uuid not null, stream text not null,
       revision int not null, type text not null, occurred_at timestamptz not null, data json not null, metadata json not null)`,
  );
  const callers = clients.map((client) => () => insert(client));
  return {
    runFor: (milliseconds) => runFor(milliseconds, callers),
    async close() {
      await first?.query(`drop table if exists ${TABLE}`);
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

async function connect(connectionString: string): Promise<Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

async function insert(client: Client): Promise<void> {
  const { id, event, occurredAt, metadata } = sampleEvent();
  await client.query({
    name: 'raw',
    text: `insert into ${TABLE} (event_id, stream, revision, type, occurred_at, data, metadata)
           values ($1, $2, 0, $3, $4, $5, $6)`,
    values: [id, `lease-${id}`, event.type, occurredAt, JSON.stringify(event.data), JSON.stringify(metadata)],
  });
}

const METADATA: StoredMetadata = {
  projectId: 'demo',
  actor: 'pipeline@example.com',
  issuer: 'https://issuer.example.com',
  tokenId: 'c1b6f0a4-2f57-4c39-9b0e-53c8f4c6c1d2',
  ipAddress: '192.0.2.7',
  userAgent: null,
  requestId: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
  durationMs: 3,
  idempotencyId: null,
  mac: null,
};

/** About 600 bytes, the first event of its stream. */
export function sampleEvent(): EventToAppend & { readonly event: CredentialIssued } {
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
