import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';

/** A row of `log.events`; what is left out is copied from the row that an event is made after. */
export interface EventRow {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly schema_version: number;
  readonly occurred_at: string;
  /** As it stands in the table. */
  readonly data: string;
  readonly metadata: string;
}

/** Somebody who can read and write every table, by SQL, and is no superuser. */
export interface DatabaseWriter {
  sql<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The events of a stream, oldest first. */
  events(stream: string): Promise<EventRow[]>;
  /** Appends one event after the log's last one, as the log itself does. */
  append(event: EventRow): Promise<void>;
  close(): Promise<void>;
}

export async function openDatabaseWriter(connectionString: string): Promise<DatabaseWriter> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const role = await leaveSuperuser(client);

  const sql: DatabaseWriter['sql'] = async (text, values = []) => (await client.query(text, [...values])).rows;
  return {
    sql,
    events: (stream) =>
      sql<EventRow>(
        `select stream, revision, type, schema_version, to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
           as occurred_at, data::text as data, metadata::text as metadata
         from log.events where stream = $1 order by revision`,
        [stream],
      ),
    async append({ stream, revision, type, schema_version, occurred_at, data, metadata }) {
      await sql(
        `with head as (update log.head set position = position + 1 returning position)
         insert into log.events (position, stream, revision, event_id, type, schema_version, occurred_at, data, metadata)
         select position, $1, $2, $3, $4, $5, $6, $7, $8 from head`,
        [stream, revision, randomUUID(), type, schema_version, occurred_at, data, metadata],
      );
      await sql(`select pg_notify('purser_log', '')`);
    },
    async close() {
      if (role !== undefined) await client.query(`reset role; drop owned by ${role}; drop role ${role}`);
      await client.end();
    },
  };
}

/** The service's role is no superuser, unless the run was given another server: then it takes on a role that is none. */
async function leaveSuperuser(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ superuser: boolean }>(
    'select rolsuper as superuser from pg_roles where rolname = current_user',
  );
  if (rows[0]?.superuser === false) return undefined;
  const role = `writer_${randomBytes(6).toString('hex')}`;
  await client.query(`create role ${role} nosuperuser`);
  for (const schema of ['log', 'vault', 'read_models', 'projection']) {
    await client.query(`grant usage on schema ${schema} to ${role}`);
    await client.query(`grant select, insert, update, delete on all tables in schema ${schema} to ${role}`);
  }
  await client.query(`set role ${role}`);
  return role;
}
