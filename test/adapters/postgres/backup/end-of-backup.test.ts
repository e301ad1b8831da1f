import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBackup } from '../../../../src/adapters/postgres/backup/write-backup.ts';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { openSession } from '../../../../src/adapters/postgres/session.ts';
import type { EventLog } from '../../../../src/application/ports/event-log.ts';
import type { DomainEvent } from '../../../../src/domain/events.ts';
import { registryStream } from '../../../../src/domain/identity.ts';
import { logAmongOthers } from '../../../support/log-among-others.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { createdEvent, idOf, METADATA, renamedEvent, rotatedEvent } from '../../../support/recorded-events.ts';
import { appendAll } from '../../../support/running-projector.ts';
import { withClient } from '../../../support/server-databases.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'end-of-backups-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As the vault does before it appends the event of this version. */
const seal = (connectionString: string, version: number) =>
  withClient(connectionString, (client) =>
    client.query(
      `insert into vault.secrets (secret_id, project_id, registry_id, credential_version, host, state, format, kek_id,
                                  wrapped_key, message_id, commitment, ciphertext, digest)
         values ($1, 'demo', $2, $3, 'a.example', 'pending', 1, 1,
                 '\\x01', '\\x01', '\\x01', '\\x01', decode(repeat('00', 32), 'hex'))`,
      [idOf(`a-${version}`), idOf('a'), version],
    ),
  );

/** What happens before and after the moment whose state of the database is backed up. Gives the number of events. */
async function backedUp(
  before: (database: string, log: EventLog) => Promise<unknown>,
  after: (database: string, log: EventLog) => Promise<unknown>,
): Promise<string> {
  const other = createPostgresEventLog({
    connectionString: (await createTestDatabase()).connectionString,
    logger: SILENT,
  });
  const log = logAmongOthers(other);
  const { connectionString } = await createTestDatabase();
  await seal(connectionString, 1);
  await appendAll(log, createdEvent('a', 1));
  const client = await openSession({ connectionString, name: 'test backup' }, () => undefined);
  let looks = 0;
  const head: EventLog['head'] = async () => {
    looks += 1;
    // The second look comes after the first statement of the transaction.
    if (looks === 2) await after(connectionString, log);
    const found = await log.head();
    if (looks === 1) await before(connectionString, log);
    return found;
  };
  try {
    const file = join(folder, randomUUID());
    const readKeys = async () => ({ keyChecks: [], eventKeys: [] });
    const options = { file, force: false, purser: 'test', readKeys, onProgress: () => undefined };
    return (await writeBackup(client, { ...options, log: { ...log, head } })).position;
  } finally {
    await client.end();
    await other.close();
  }
}

/** A rotation that is settled, and that no read model has passed. */
async function rotate(database: string, log: EventLog, version: number): Promise<void> {
  await seal(database, version);
  await appendAll(log, rotatedEvent('a', version));
  await withClient(database, (client) =>
    client.query('select vault.destroy_secrets($1)', [[idOf(`a-${version - 1}`)]]),
  );
}

const nothing = async () => undefined;

describe('a backup with the log in another store', () => {
  it('has the event of a rotation that was settled while it began', async () => {
    expect(await backedUp((database, log) => rotate(database, log, 2), nothing)).toBe('2');
    const twice = async (database: string, log: EventLog) => {
      await rotate(database, log, 2);
      await rotate(database, log, 3);
    };
    expect(await backedUp(twice, nothing)).toBe('3');
  });

  it('ends before the first event whose secret it lacks, and has those before it', async () => {
    const renamed = (_database: string, log: EventLog) => appendAll(log, renamedEvent('a', 'other'));
    const rotated = async (database: string, log: EventLog) => {
      await renamed(database, log);
      await rotate(database, log, 3);
      await renamed(database, log);
    };
    expect(await backedUp((database, log) => rotate(database, log, 2), rotated)).toBe('3');
  });

  it('has no half of a command', async () => {
    const both = async (database: string, log: EventLog) => {
      await seal(database, 2);
      const occurredAt = new Date().toISOString();
      const one = (event: DomainEvent) => ({ id: randomUUID(), event, occurredAt, metadata: METADATA });
      const events = [one(renamedEvent('a', 'other')), one(rotatedEvent('a', 2))] as const;
      await log.append(registryStream('demo', idOf('a')), 'any', events);
    };
    expect(await backedUp(nothing, both)).toBe('1');
  });
});
