import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackupFault, type BackupHeader } from '../../../../src/adapters/postgres/backup/backup-format.ts';
import { tablesToBackUp } from '../../../../src/adapters/postgres/backup/backup-tables.ts';
import { openBackup } from '../../../../src/adapters/postgres/backup/read-backup.ts';
import { restoreDatabase } from '../../../../src/adapters/postgres/backup/restore-database.ts';
import { writeBackup } from '../../../../src/adapters/postgres/backup/write-backup.ts';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { openSession } from '../../../../src/adapters/postgres/session.ts';
import { BEGINNING, type EventLog } from '../../../../src/application/ports/event-log.ts';
import { eventsAfter } from '../../../contract/event-log-store.ts';
import { logAmongOthers } from '../../../support/log-among-others.ts';
import { createEmptyDatabase, createTestDatabase } from '../../../support/postgres.ts';
import { createdEvent, renamedEvent } from '../../../support/recorded-events.ts';
import { appendAll } from '../../../support/running-projector.ts';
import { digestsOfTables } from '../../../support/table-digests.ts';

/** These tables need no backup. Whoever adds a table decides here. */
const LEFT_OUT = [
  // Follows from the events.
  'log.head',
  // Are minted again, and would make a restore ask for keys that no secret is under.
  'vault.minted_passwords',
  // Are true only of the moment.
  'projection.leadership',
  'projection.rate_limits',
  'projection.stream_snapshots',
  'projection.taken_signatures',
  'projection.write_probe',
  'vault.key_holders',
  // The next `purser archive` finds the files again.
  'projection.audit_archives',
  // Is said by the first start after the restore.
  'projection.event_store',
  // Are built again.
  ...[
    'audit_entries',
    'calendar_feeds',
    'changes',
    'checkpoint',
    'daily_uses',
    'leases',
    'notices',
    'parked_events',
    'pipeline_links',
    'pipeline_uses',
    'registries',
    'registry_uses',
    'trust_rule_uses',
  ].map((name) => `read_models.${name}`),
  // Would send notices twice, or long after they were news.
  ...['deliveries', 'head', 'notices', 'receivers'].map((name) => `webhooks.${name}`),
  // Is written by the migrations of the restore, and compared with those of the backup.
  'purser.schema_migrations',
];

let folder: string;
let source: string;
let file: string;
let header: BackupHeader;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backups-'));
  source = (await createTestDatabase()).connectionString;
  const log = createPostgresEventLog({ connectionString: source, logger: SILENT });
  await appendAll(log, createdEvent('a', 1), createdEvent('b', 1), renamedEvent('a', 'tab\tline\n\\quote"'));
  await log.close();
  file = join(folder, 'whole');
  header = await backUp(source, file);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const withSession = async <Result>(
  connectionString: string,
  use: (client: Awaited<ReturnType<typeof openSession>>) => Promise<Result>,
): Promise<Result> => {
  const client = await openSession({ connectionString, name: 'test backup', statementTimeoutMs: 0 }, () => undefined);
  try {
    return await use(client);
  } finally {
    await client.end();
  }
};

const backUp = (connectionString: string, to: string, force = false, log?: EventLog) =>
  withSession(connectionString, (client) =>
    writeBackup(client, {
      file: to,
      force,
      purser: 'test',
      readKeys: async () => ({ keyChecks: [], eventKeys: [] }),
      log,
      onProgress: () => undefined,
    }),
  );

async function restore(connectionString: string, from: string, verify = async () => undefined): Promise<void> {
  const backup = await openBackup(from);
  try {
    await withSession(connectionString, (client) => restoreDatabase(client, backup, () => undefined, verify));
  } finally {
    await backup.close();
  }
}

describe('a backup', () => {
  it('has every table, but those that are listed here', async () => {
    const backedUp = await withSession(source, tablesToBackUp);
    const all = await withSession(source, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `select schemaname || '.' || tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
      );
      return rows.map(({ name }) => name);
    });
    expect([...backedUp.map(({ schema, name }) => `${schema}.${name}`), ...LEFT_OUT].sort()).toEqual(all.sort());
  });

  it('restores every row as it was', async () => {
    const target = await createEmptyDatabase();
    await restore(target, file);
    const names = header.tables
      .map(({ schema, name }) => `${schema}.${name}`)
      .filter((name) => !name.startsWith('read_'));
    expect(names).toContain('log.events');
    expect(await digestsOfTables(target, names)).toEqual(await digestsOfTables(source, names));
    expect(await digestsOfTables(target, ['log.head'])).toEqual(await digestsOfTables(source, ['log.head']));
    // Notices of the restored events are not sent to webhooks again.
    const heads = 'select w.position = l.position as same from webhooks.head w, log.head l';
    const { rows } = await withSession(target, (client) => client.query<{ same: boolean }>(heads));
    expect(rows).toEqual([{ same: true }]);
    const log = createPostgresEventLog({ connectionString: target, logger: SILENT });
    expect((await appendAll(log, createdEvent('c', 1))).position).toBe(4n);
    await log.close();
  });

  it('holds the events of another store, which a restore puts in order into Postgres', async () => {
    const other = (await createTestDatabase()).connectionString;
    const events = createPostgresEventLog({ connectionString: other, logger: SILENT });
    const elsewhere = logAmongOthers(events);
    await appendAll(elsewhere, createdEvent('a', 1), renamedEvent('a', 'tab\tline\r\n\\N \\\\quote" é \u{1f4a9}'));
    await appendAll(elsewhere, createdEvent('b', 1));
    const source = (await createTestDatabase()).connectionString;
    const to = join(folder, 'elsewhere');
    expect(await backUp(source, to, false, elsewhere)).toMatchObject({ position: '3' });
    const target = await createEmptyDatabase();
    await restore(target, to);
    const restored = createPostgresEventLog({ connectionString: target, logger: SILENT });
    const read = async (log: EventLog) =>
      (await eventsAfter(log, BEGINNING)).map(({ position: _position, ...event }) => event);
    expect(await read(restored)).toEqual(await read(events));
    expect(await restored.head()).toBe(3n);
    await Promise.all([events.close(), restored.close(), rm(to)]);
  });

  it('is restored with the gap that a removed event left in the log', async () => {
    const { connectionString } = await createTestDatabase();
    const log = createPostgresEventLog({ connectionString, logger: SILENT });
    await appendAll(log, createdEvent('a', 1), createdEvent('forged', 1), createdEvent('b', 1));
    await log.close();
    await withSession(connectionString, async (client) => {
      await client.query('alter table log.events disable trigger append_only');
      await client.query('grant delete on log.events to current_user; delete from log.events where position = 2');
    });
    const gapped = join(folder, 'gapped');
    await backUp(connectionString, gapped);
    const target = await createEmptyDatabase();
    await restore(target, gapped);
    const restored = createPostgresEventLog({ connectionString: target, logger: SILENT });
    expect((await eventsAfter(restored, BEGINNING)).map(({ position }) => BigInt(position))).toEqual([1n, 3n]);
    await Promise.all([restored.close(), rm(gapped)]);
  });

  it('can be read by its owner only, and leaves nothing else in the folder', async () => {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['whole']);
  });

  it('replaces a file only if that is asked for', async () => {
    const other = join(folder, 'mine');
    await writeFile(other, 'mine');
    await expect(backUp(source, other)).rejects.toThrow(`${other} exists. Name another file, or add --force`);
    expect(await readFile(other, 'utf8')).toBe('mine');
    await backUp(source, other, true);
    expect((await readFile(other)).subarray(0, 6).toString()).toBe('PURSER');
    await rm(other);
    expect(await readdir(folder)).toEqual(['whole']);
  });

  it('says that a folder cannot be written', async () => {
    await expect(backUp(source, join(folder, 'none/file'))).rejects.toThrow(
      /cannot be written to .*none\/file \(ENOENT\)/,
    );
  });

  it('leaves the database empty if what it holds is refused before the commit', async () => {
    const target = await createEmptyDatabase();
    const refused = restore(target, file, async () => {
      throw new Error('the key is another one');
    });
    await expect(refused).rejects.toThrow('the key is another one');
    await restore(target, file);
  });

  it('asks for the keys of secrets and event keys, and for none of minted passwords', async () => {
    const { connectionString } = await createTestDatabase();
    await withSession(connectionString, async (client) => {
      await client.query("insert into vault.event_keys (id, kek_id, wrapped_key) values (1, 3, '\\x01')");
      await client.query(
        `insert into vault.secrets (secret_id, project_id, registry_id, credential_version, host, state, format, kek_id,
                                    wrapped_key, message_id, commitment, ciphertext, digest)
           values (gen_random_uuid(), 'p', gen_random_uuid(), 1, 'h', 'current', 1, 4,
                   '\\x01', '\\x01', '\\x01', '\\x01', decode(repeat('00', 32), 'hex'))`,
      );
      await client.query(
        `insert into vault.minted_passwords
           select secret_id, 'PULL', project_id, registry_id, credential_version, host, now(), now() + interval '1 hour', format,
                  9, wrapped_key, message_id, commitment, ciphertext, digest
             from vault.secrets`,
      );
    });
    const minted = await backUp(connectionString, join(folder, 'minted'));
    await rm(join(folder, 'minted'));
    expect(minted.keyIds).toEqual([3, 4]);
  });

  it('is not restored over existing data', async () => {
    const refused = restore((await createTestDatabase()).connectionString, file);
    await expect(refused).rejects.toThrow(
      'The database already holds data of Purser, and a restore never replaces any',
    );
  });
});

describe('a file that is not as it was written', () => {
  const tried = () => join(folder, 'tried');
  const refusalOf = (bytes: Buffer): Promise<string> =>
    writeFile(tried(), bytes)
      .then(() => openBackup(tried()))
      .then(
        async (backup) => {
          await backup.close();
          return 'opened';
        },
        (error: unknown) => (error instanceof BackupFault ? error.message : String(error)),
      );

  it('is refused wherever it is cut off', async () => {
    const whole = await readFile(file);
    const lengths = [
      ...Array(80).keys(),
      ...Array.from({ length: 300 }, (_, n) => Math.floor((whole.length * n) / 300)),
    ];
    const refusals = new Set<string>();
    for (const length of [...lengths, whole.length - 1]) refusals.add(await refusalOf(whole.subarray(0, length)));
    expect([...refusals].sort()).toEqual([
      `${tried()} is not a backup of Purser.`,
      `The backup ${tried()} is cut off or was changed: its checksum does not fit. Nothing was restored. Take another copy.`,
    ]);
  });

  it('is refused whichever bit is changed', async () => {
    const whole = await readFile(file);
    const step = Math.max(1, Math.floor(whole.length / 400));
    for (let place = 0; place < whole.length; place += place < 100 ? 1 : step) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8((bytes[place] ?? 0) ^ (1 << (place % 8)), place);
      expect(await refusalOf(bytes), `byte ${place}`).toMatch(
        /not a backup of Purser|checksum does not fit|has format/,
      );
    }
    expect(await refusalOf(whole)).toBe('opened');
  });

  it('is refused with bytes after its end', async () => {
    expect(await refusalOf(Buffer.concat([await readFile(file), Buffer.from('x')]))).toContain('checksum does not fit');
  });

  it('leaves the database empty if its checksum fits and its rows do not', async () => {
    // Somebody who can write the file can compute its checksum too.
    const whole = await readFile(file);
    const claimed = Buffer.from(whole.subarray(0, -32).toString('latin1').replace('"rows":3', '"rows":4'), 'latin1');
    await writeFile(tried(), Buffer.concat([claimed, createHash('sha256').update(claimed).digest()]));
    const target = await createEmptyDatabase();
    await expect(restore(target, tried())).rejects.toThrow('has 3 rows of "log"."events" in place of 4');
    await restore(target, file);
  });
});

it('takes the same memory for a large log as for a small one', async () => {
  const { connectionString } = await createTestDatabase();
  // 80 MB of rows.
  await withSession(connectionString, async (client) => {
    await client.query(
      `insert into log.events (position, occurred_at, event_id, revision, schema_version, stream, type, data, metadata)
         select n, now(), gen_random_uuid(), 0, 1, 'large-' || n, 'Large',
                json_build_object('text', repeat(md5(n::text), 250)), '{}'
           from generate_series(1, 10000) n`,
    );
    await client.query('update log.head set position = 10000');
  });
  const large = join(folder, 'large');
  const target = await createEmptyDatabase();
  const writing = await peakOf(() => backUp(connectionString, large));
  const reading = await peakOf(() => restore(target, large));
  expect(Math.max(writing, reading), `MiB: ${writing} to write, ${reading} to read`).toBeLessThan(64);
});

/** The most that heap and buffers grew, in MiB. */
async function peakOf(work: () => Promise<unknown>): Promise<number> {
  const used = () => {
    const { heapUsed, arrayBuffers, external } = process.memoryUsage();
    return heapUsed + Math.max(arrayBuffers, external);
  };
  const before = used();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, used());
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.round((peak - before) / 1024 / 1024);
}
