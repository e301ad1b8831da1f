import { setTimeout as delay } from 'node:timers/promises';
import pg, { type Client } from 'pg';
import { OperatorError } from '../../domain/errors.ts';
import { type Migration, readMigrations } from './migration-files.ts';
import { requireFit, requireOwnSessions } from './requirements.ts';
import { openSession } from './session.ts';

/** An advisory lock that makes racing replicas queue: "migr" in ASCII. */
const MIGRATION_LOCK = '1835627378';
/** A statement that waits for a table holds up all later ones of running replicas, which give up after 10 s. */
const TABLE_LOCK_TIMEOUT_MS = 2_000;
const BETWEEN_ATTEMPTS_MS = 1_000;
/** With the pauses, some five minutes. */
const MAX_ATTEMPTS = 100;
const LOCK_NOT_AVAILABLE = '55P03';

/** This build cannot work with the schema. The message says what to do. */
export class SchemaMismatch extends OperatorError {
  override readonly name = 'SchemaMismatch';
}

interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  readonly compatible_since: number;
}

export interface Migrated {
  /** The names of the files that this process applied. */
  readonly applied: readonly string[];
  /** The names of those that only a newer build knows, and that this one works with. */
  readonly newer: readonly string[];
}

/**
 * Brings the schema up to date with numbered files, forward only, each in its own transaction. If several processes start
 * at once, each file is applied by one of them, and all others wait for it. The lock is the transaction's, so that the
 * server frees it if a process stands still or its machine is gone (`idle_in_transaction_session_timeout`).
 * @throws SchemaMismatch if an applied file was changed since, or a newer build has migrated the database in a way that
 *   this one cannot work with
 * @throws DatabaseFault if the server, the database or a pooler does not fit
 */
export async function migrate(connectionString: string, migrationsDir?: string): Promise<Migrated> {
  const migrations = await readMigrations(migrationsDir);
  const session = { connectionString, name: 'purser migrations', statementTimeoutMs: 0 };
  await requireOwnSessions(connectionString);
  const client = await openSession(session, () => undefined);
  try {
    await requireFit(client);
    const applied: string[] = [];
    for (;;) {
      const { name, newer } = await applyNext(client, migrations);
      if (name === undefined) return { applied, newer };
      applied.push(name);
    }
  } finally {
    await client.end();
  }
}

/** All migrations of this build, by name and checksum. */
export async function knownMigrations(): Promise<readonly { readonly name: string; readonly checksum: string }[]> {
  return readMigrations();
}

/** Applies all migrations to an empty database, in the caller's transaction. */
export async function createSchema(client: Client): Promise<void> {
  await appliedMigrations(client);
  for (const migration of await readMigrations()) await run(client, migration);
}

/** Takes the lock until the transaction ends. */
async function appliedMigrations(client: Client): Promise<AppliedMigration[]> {
  await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  // In the schema `purser`, because many programs have a table with this name in `public`.
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
        -- Builds that know this migration work with the schema as it is after this row's.
        compatible_since int not null,
        applied_at timestamptz not null default now()
      )`);
  }
  const { rows } = await client.query<AppliedMigration>(
    'select version, name, checksum, compatible_since from purser.schema_migrations order by version',
  );
  return rows;
}

interface Pending {
  readonly pending: readonly Migration[];
  readonly newer: readonly string[];
}

function compare(known: readonly Migration[], applied: readonly AppliedMigration[]): Pending {
  const newestKnown = known.at(-1)?.version ?? 0;
  const newer = applied.filter(({ version }) => version > newestKnown);
  const breaking = newer.find(({ compatible_since }) => compatible_since > newestKnown);
  if (breaking) {
    throw new SchemaMismatch(
      `A newer Purser has migrated this database (${breaking.name}); this version knows migrations up to number ${newestKnown}. Start the newer version, or restore a backup made before the upgrade.`,
    );
  }
  for (const { version, name, checksum } of applied) {
    if (version > newestKnown) continue;
    if (known.find((migration) => migration.version === version)?.checksum !== checksum) {
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
  return { pending, newer: newer.map(({ name }) => name) };
}

/** In a transaction of its own. Without a name, nothing was left to apply. */
async function applyNext(
  client: Client,
  migrations: readonly Migration[],
): Promise<{ readonly name?: string; readonly newer: readonly string[] }> {
  for (let attempt = 1; ; attempt += 1) {
    await client.query('begin');
    const { pending, newer } = compare(migrations, await appliedMigrations(client));
    const [next] = pending;
    if (next === undefined) {
      await client.query('commit');
      return { newer };
    }
    try {
      await client.query(`set local lock_timeout = ${TABLE_LOCK_TIMEOUT_MS}`);
      await run(client, next);
      await client.query('commit');
      return { name: next.name, newer };
    } catch (cause) {
      await client.query('rollback').catch(() => undefined);
      if (!isLockedOut(cause)) throw new Error(`migration ${next.name} failed and was rolled back`, { cause });
      if (attempt === MAX_ATTEMPTS) throw lockedOut(next.name, cause);
    }
    await delay(BETWEEN_ATTEMPTS_MS);
  }
}

function isLockedOut(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE;
}

function lockedOut(name: string, cause: unknown): OperatorError {
  return new OperatorError(
    `Migration ${name} needs a table that another session holds, such as a dump of the database. Wait until it ends, or end it, then start again.`,
    { cause },
  );
}

async function run(client: Client, { version, name, sql, checksum, compatibleSince }: Migration): Promise<void> {
  await client.query(sql);
  await client.query(
    'insert into purser.schema_migrations (version, name, checksum, compatible_since) values ($1, $2, $3, $4)',
    [version, name, checksum, compatibleSince],
  );
}
