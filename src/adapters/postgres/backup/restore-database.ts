import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Client } from 'pg';
import { from } from 'pg-copy-streams';
import { createSchema, knownMigrations } from '../migrate.ts';
import { type BackedUpTable, BackupFault, type BackupHeader } from './backup-format.ts';
import { AUDIT_HEADS, columnsOf, keyIdsIn, nameOf, tablesToBackUp } from './backup-tables.ts';
import type { BackupFile } from './read-backup.ts';

const RESTORED_HEADS = 'restored_audit_heads';

/** @throws BackupFault if another schema holds the rows of the backup */
export async function requireSameSchema({ migrations, purser }: BackupHeader): Promise<void> {
  const known = await knownMigrations();
  const isSame = (index: number) => known[index]?.checksum === migrations[index]?.checksum;
  if (known.length === migrations.length && known.every((_, index) => isSame(index))) return;
  throw new BackupFault(
    `Purser ${purser} made the backup, with other tables than this version has (up to ${migrations.at(-1)?.name ?? 'none'}). Restore it with that version, then start this one.`,
  );
}

/**
 * Fills an empty database, in one transaction: after a fault it is empty as before. `verify` is called before the commit, and
 * can read the rows over the client. The read models are to be built afterwards, and `requireAuditHeads` then compares them,
 * over the same connection.
 * @throws BackupFault
 */
export async function restoreDatabase<Verified>(
  client: Client,
  { header, tables }: BackupFile,
  onProgress: (table: string) => void,
  verify: () => Promise<Verified>,
): Promise<Verified> {
  await requireEmpty(client);
  await client.query('begin');
  try {
    await createSchema(client);
    await requireSameTables(client, header.tables);
    await client.query(`create temp table ${RESTORED_HEADS} (like ${AUDIT_HEADS})`);
    const contents = tables();
    for (const table of header.tables) {
      const { value: frames } = await contents.next();
      onProgress(`${table.schema}.${table.name}`);
      await copyInto(client, table, frames as AsyncIterable<Buffer>);
    }
    // Checks that the compressed part ends here.
    await contents.next();
    await client.query('update log.head set position = (select coalesce(max(position), 0) from log.events)');
    // Webhooks heard of these events before the backup, or never will: the read models give their notices once more.
    await client.query('update webhooks.head set position = (select position from log.head)');
    await requirePosition(client, header);
    await requireKeyIds(client, header);
    const verified = await verify();
    await client.query('commit');
    return verified;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function requireEmpty(client: Client): Promise<void> {
  const { rows } = await client.query<{ schema: string }>(
    `select nspname as schema from pg_namespace where nspname in ('log', 'vault', 'read_models', 'projection', 'webhooks', 'purser')`,
  );
  if (rows.length === 0) return;
  throw new BackupFault(
    'The database already holds data of Purser, and a restore never replaces any. Restore into a new data folder (PURSER_DATA_DIR), or into an empty database (DATABASE_URL).',
  );
}

async function requireSameTables(client: Client, backedUp: readonly BackedUpTable[]): Promise<void> {
  // Their order depends on which were made last, and a rebuild makes some anew.
  const shapes = (tables: Awaited<ReturnType<typeof tablesToBackUp>>) =>
    tables.map(({ schema, name, columns }) => JSON.stringify([schema, name, columns])).sort();
  if (!isDeepStrictEqual(shapes(await tablesToBackUp(client)), shapes([...backedUp]))) {
    throw new BackupFault('The backup holds other tables than this version has, and nothing was restored.');
  }
}

async function copyInto(client: Client, table: BackedUpTable, frames: AsyncIterable<Buffer>): Promise<void> {
  const name = nameOf(table);
  const isAuditHeads = `${table.schema}.${table.name}` === AUDIT_HEADS;
  if (!isAuditHeads) {
    // Migrations may have put rows in.
    const { rows } = await client.query<{ filled: boolean }>(`select exists (select from ${name}) as filled`);
    if (rows[0]?.filled) await client.query(`delete from ${name}`);
  }
  const copy = client.query(from(`copy ${isAuditHeads ? RESTORED_HEADS : name} (${columnsOf(table)}) from stdin`));
  await pipeline(Readable.from(frames), copy);
  if (copy.rowCount !== table.rows) {
    throw new BackupFault(`The backup has ${copy.rowCount} rows of ${name} in place of ${table.rows}.`);
  }
}

/** Positions may be missing: an operator may have removed events that Purser did not write. */
async function requirePosition(client: Client, { position }: BackupHeader): Promise<void> {
  const { rows } = await client.query<{ head: string; last: string }>(
    `select (select position::text from log.head) as head,
            (select coalesce(max(position), 0)::text from log.events) as last`,
  );
  const [found] = rows;
  if (found?.head === position && BigInt(found.last) <= BigInt(position)) return;
  throw new BackupFault(
    `The restored log ends at position ${found?.head} with an event at ${found?.last}, and the backup says ${position}. Nothing was restored.`,
  );
}

/** Somebody who can write the file can have it ask for other keys than its rows need. */
async function requireKeyIds(client: Client, { keyIds, tables }: BackupHeader): Promise<void> {
  const found = await keyIdsIn(client, tables);
  if (isDeepStrictEqual(found, keyIds)) return;
  throw new BackupFault(
    `The secrets of the backup are under the keys ${found.join(', ') || '(none)'}, and it says ${keyIds.join(', ') || '(none)'}. Nothing was restored.`,
  );
}

/**
 * Compares the audit chains, built anew from the events, with those at the time of the backup.
 * @throws BackupFault that names the projects whose chain differs
 */
export async function requireAuditHeads(client: Client): Promise<void> {
  const { rows } = await client.query<{ project: string }>(
    `select h.project_id as project from ${RESTORED_HEADS} h
       left join read_models.audit_entries e on e.project_id = h.project_id and e.sequence = h.sequence
      where e.hash is distinct from h.hash order by 1`,
  );
  if (rows.length === 0) return;
  const projects = rows.map(({ project }) => JSON.stringify(project));
  throw new BackupFault(
    `Restored, but the audit chain differs from that at the time of the backup, in ${projects.length === 1 ? 'project' : 'projects'} ${projects.slice(0, 10).join(', ')}${projects.length > 10 ? ', …' : ''}: the log was changed before the backup, or another version of Purser builds the chain.`,
  );
}
