import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Client } from 'pg';
import { to } from 'pg-copy-streams';
import type { EventLog } from '../../../application/ports/event-log.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import { type BackedUpTable, BackupFault, type BackupHeader, END_OF_TABLE, framesOf, headOf } from './backup-format.ts';
import { columnsOf, keyIdsIn, nameOf, tablesToBackUp } from './backup-tables.ts';
import { endOfBackup } from './end-of-backup.ts';
import { type EventsElsewhere, eventsUntil, rowOf } from './events-as-rows.ts';

/** Higher levels take several times as long, for a tenth less. */
const COMPRESSION_LEVEL = 3;

export interface WriteBackupOptions {
  readonly file: string;
  /** Replaces a file with that name. */
  readonly force: boolean;
  readonly purser: string;
  /** Reads them over the client, in the state that is backed up. */
  readonly readKeys: () => Promise<Pick<BackupHeader, 'keyChecks' | 'eventKeys'>>;
  readonly onProgress: (progress: BackupProgress) => void;
  /** The log, if its events are in another store: they are written as the rows that they would be here. */
  readonly log?: Pick<EventLog, 'head' | 'readAll'> | undefined;
}

export interface BackupProgress {
  readonly table: string;
  readonly bytes: number;
}

/**
 * Writes a consistent state of the database, also while others write. The file appears under its name when it is whole and
 * on the disk. It holds no key of the key file, and destroyed secrets have none of their own.
 * @throws BackupFault
 */
export async function writeBackup(client: Client, options: WriteBackupOptions): Promise<BackupHeader> {
  const { file, force } = options;
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    const head = await options.log?.head();
    const header = await inOneState(client, async () => {
      const { log } = options;
      const elsewhere = log && head !== undefined ? { log, until: await endOfBackup(client, log, head) } : undefined;
      const described = await describe(client, options, elsewhere);
      await pipeline(
        contentOf(client, described, elsewhere, options.onProgress),
        createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }),
      );
      return described;
    });
    if (force) await rename(draft, file);
    else await link(draft, file).finally(() => unlink(draft));
    await syncFolder(dirname(file));
    return header;
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw explained(error, file);
  }
}

/** One snapshot for all statements. */
async function inOneState<Result>(client: Client, read: () => Promise<Result>): Promise<Result> {
  await client.query('begin isolation level repeatable read read only');
  try {
    return await read();
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

async function countEvents(elsewhere: EventsElsewhere): Promise<number> {
  let count = 0;
  for await (const _event of eventsUntil(elsewhere)) count += 1;
  return count;
}

async function describe(
  client: Client,
  { purser, readKeys }: WriteBackupOptions,
  elsewhere: EventsElsewhere | undefined,
): Promise<BackupHeader> {
  const shapes = await tablesToBackUp(client);
  const tables: BackedUpTable[] = [];
  const events = elsewhere && (await countEvents(elsewhere));
  for (const shape of shapes) {
    if (events !== undefined && isLog(shape)) {
      tables.push({ ...shape, rows: events });
      continue;
    }
    const { rows } = await client.query<{ count: string }>(`select count(*)::text as count from ${nameOf(shape)}`);
    tables.push({ ...shape, rows: Number(rows[0]?.count) });
  }
  const { rows: migrations } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from purser.schema_migrations order by version',
  );
  const { rows: heads } = await client.query<{ position: string }>('select position::text from log.head');
  return {
    purser,
    createdAt: new Date().toISOString(),
    migrations,
    keyIds: await keyIdsIn(client, shapes),
    ...(await readKeys()),
    position: events === undefined ? (heads[0]?.position ?? '0') : String(events),
    tables,
  };
}

async function* contentOf(
  client: Client,
  header: BackupHeader,
  elsewhere: EventsElsewhere | undefined,
  onProgress: (progress: BackupProgress) => void,
): AsyncGenerator<Buffer> {
  const checksum = createHash('sha256');
  const head = headOf(header);
  checksum.update(head);
  yield head;
  const gzip = createGzip({ level: COMPRESSION_LEVEL });
  const compressing = pipeline(Readable.from(rowsOf(client, header, elsewhere, onProgress)), gzip);
  // The same error ends the loop.
  compressing.catch(() => undefined);
  for await (const bytes of gzip) {
    checksum.update(bytes);
    yield bytes;
  }
  await compressing;
  yield checksum.digest();
}

async function* rowsOf(
  client: Client,
  { tables }: BackupHeader,
  elsewhere: EventsElsewhere | undefined,
  onProgress: (progress: BackupProgress) => void,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for (const table of tables) {
    const rows =
      elsewhere && isLog(table)
        ? eventRows(table, elsewhere)
        : client.query(to(`copy (select ${columnsOf(table)} from ${nameOf(table)}) to stdout`));
    for await (const chunk of rows) {
      bytes += chunk.length;
      onProgress({ table: `${table.schema}.${table.name}`, bytes });
      yield* framesOf(chunk);
    }
    yield END_OF_TABLE;
  }
}

async function* eventRows(table: BackedUpTable, elsewhere: EventsElsewhere): AsyncGenerator<Buffer> {
  let place = 0;
  for await (const event of eventsUntil(elsewhere)) {
    place += 1;
    yield rowOf(table, event, place);
  }
}

function isLog({ schema, name }: Pick<BackedUpTable, 'schema' | 'name'>): boolean {
  return schema === 'log' && name === 'events';
}

function explained(error: unknown, file: string): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') {
    return new BackupFault(`${file} exists. Name another file, or add --force to replace it.`);
  }
  if (path?.startsWith(file) !== true && code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new BackupFault(
    `The backup cannot be written to ${file} (${code}). Name a file in a folder that this user may write, with enough space.`,
    { cause: error },
  );
}
