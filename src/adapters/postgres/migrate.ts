import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Client } from 'pg';
import { OperatorError } from '../../domain/errors.ts';
import { requireFit, requireOwnSessions } from './requirements.ts';
import { openSession } from './session.ts';

/** An advisory lock that makes racing replicas queue: "migr" in ASCII. */
const MIGRATION_LOCK = '1835627378';
const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/** This build cannot work with the schema. The message says what to do. */
export class SchemaMismatch extends OperatorError {
  override readonly name = 'SchemaMismatch';
}

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
}

/** The project's `migrations/`, beside its package.json: above the sources and above the compiled code. */
export function findMigrationsDir(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return join(folder, 'migrations');
  }
  throw new Error('the migrations folder was not found');
}

/**
 * Brings the schema up to date with numbered files, forward only, each in its own transaction. If several processes start
 * at once, one migrates; the others wait for it and find nothing to do.
 * @returns the names of the files that were applied
 * @throws SchemaMismatch if an applied file was changed since, or a newer build has migrated the database
 * @throws DatabaseFault if the server, the database or a pooler does not fit
 */
export async function migrate(
  connectionString: string,
  migrationsDir: string = findMigrationsDir(),
): Promise<string[]> {
  const migrations = await readMigrations(migrationsDir);
  const session = { connectionString, name: 'purser migrations', statementTimeoutMs: 0 };
  await requireOwnSessions(connectionString);
  const client = await openSession(session, () => undefined);
  try {
    await requireFit(client);
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const pending = pendingOf(migrations, await appliedMigrations(client));
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/** All migrations of this build, by name and checksum. */
export async function knownMigrations(): Promise<readonly { readonly name: string; readonly checksum: string }[]> {
  return readMigrations(findMigrationsDir());
}

/** Applies all migrations to an empty database, in the caller's transaction. */
export async function createSchema(client: Client): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  await appliedMigrations(client);
  for (const migration of await readMigrations(findMigrationsDir())) await run(client, migration);
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const migrations: Migration[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const match = FILE_NAME.exec(name);
    if (!match) throw new Error(`${name} is not named like a migration: 0001_what_it_does.sql`);
    const version = Number(match[1]);
    if (version === migrations.at(-1)?.version) throw new Error(`two migrations have the number of ${name}`);
    const sql = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n');
    migrations.push({ version, name, sql, checksum: createHash('sha256').update(sql).digest('hex') });
  }
  return migrations;
}

/** The table is in the schema `purser`, because many programs have a table with this name in `public`. */
async function appliedMigrations(client: Client): Promise<AppliedMigration[]> {
  const { rows: found } = await client.query<{ made: boolean }>(
    `select to_regclass('purser.schema_migrations') is not null as made`,
  );
  if (found[0]?.made !== true) {
    await client.query(`
      create schema if not exists purser;
      create table purser.schema_migrations (
        version int primary key,
        name text not null,
        checksum text not null,
        applied_at timestamptz not null default now()
      )`);
  }
  const { rows } = await client.query<AppliedMigration>(
    'select version, name, checksum from purser.schema_migrations order by version',
  );
  return rows;
}

function pendingOf(known: readonly Migration[], applied: readonly AppliedMigration[]): readonly Migration[] {
  const newestKnown = known.at(-1)?.version ?? 0;
  for (const { version, name, checksum } of applied) {
    const own = known.find((migration) => migration.version === version);
    if (version > newestKnown) {
      throw new SchemaMismatch(
        `A newer Purser has migrated this database (${name}); this version knows migrations up to number ${newestKnown}. Start the newer version, or restore a backup made before the upgrade.`,
      );
    }
    if (own?.checksum !== checksum) {
      throw new SchemaMismatch(
        `Migration ${name} has changed since it was applied to this database. If you changed the file, restore it and put the change into a new migration; otherwise another build made this database: start that build, or give Purser a new database.`,
      );
    }
  }
  const newestApplied = applied.at(-1)?.version ?? 0;
  const pending = known.filter(({ version }) => !applied.some((done) => done.version === version));
  const late = pending.find(({ version }) => version < newestApplied);
  if (late) {
    throw new SchemaMismatch(
      `Migration ${late.name} was never applied to this database, but number ${newestApplied} was. Give it the next free number.`,
    );
  }
  return pending;
}

async function apply(client: Client, migration: Migration): Promise<void> {
  try {
    await client.query('begin');
    await run(client, migration);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback').catch(() => undefined);
    throw new Error(`migration ${migration.name} failed and was rolled back`, { cause });
  }
}

async function run(client: Client, { version, name, sql, checksum }: Migration): Promise<void> {
  await client.query(sql);
  await client.query('insert into purser.schema_migrations (version, name, checksum) values ($1, $2, $3)', [
    version,
    name,
    checksum,
  ]);
}
