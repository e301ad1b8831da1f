import { text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Client } from 'pg';
import { from, to } from 'pg-copy-streams';
import * as z from 'zod';
import { openSession } from '../../src/adapters/postgres/session.ts';

const migrationSchema = z.strictObject({ name: z.string(), checksum: z.string() });
const frozenRowsSchema = z.strictObject({
  /** Those that the rows fit, in their order. */
  migrations: z.array(migrationSchema),
  tables: z.array(z.strictObject({ name: z.string(), columns: z.array(z.string()), rows: z.string() })),
});

/** All rows of a database as it was after some migrations, each table as COPY writes it. */
export type FrozenRows = z.infer<typeof frozenRowsSchema>;

const OWN_TABLES = `select c.oid::regclass::text as name,
    array(select quote_ident(attname) from pg_attribute
      where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum) as columns
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and n.nspname in ('log', 'vault', 'read_models', 'projection', 'webhooks')
  -- Those first that others refer to.
  order by c.oid`;

export async function freezeRows(connectionString: string): Promise<Buffer> {
  const client = await connect(connectionString);
  try {
    await client.query('begin isolation level repeatable read read only');
    const { rows: migrations } = await client.query<z.infer<typeof migrationSchema>>(
      'select name, checksum from purser.schema_migrations order by version',
    );
    const { rows: own } = await client.query<{ name: string; columns: string[] }>(OWN_TABLES);
    const tables: FrozenRows['tables'] = [];
    for (const { name, columns } of own) {
      const rows = await text(client.query(to(`copy ${name} (${columns.join(', ')}) to stdout`)));
      tables.push({ name, columns, rows });
    }
    await client.query('commit');
    return gzipSync(JSON.stringify({ migrations, tables } satisfies FrozenRows), { level: 9 });
  } finally {
    await client.end();
  }
}

/** @throws ZodError if these are no frozen rows */
export function openFrozenRows(frozen: Buffer): FrozenRows {
  return frozenRowsSchema.parse(JSON.parse(gunzipSync(frozen).toString('utf8')));
}

/** Puts the rows in place of all that the migrations have written, as the owner of the tables. */
export async function loadRows(connectionString: string, { tables }: FrozenRows): Promise<void> {
  const client = await connect(connectionString);
  const names = tables.map(({ name }) => name);
  try {
    await client.query('begin');
    const missing = await missingRights(client, names);
    for (const { right, name } of missing) await client.query(`grant ${right} on ${name} to current_user`);
    for (const name of names) await client.query(`alter table ${name} disable trigger user`);
    await client.query(`truncate ${names.join(', ')}`);
    for (const { name, columns, rows } of tables) {
      const copy = client.query(from(`copy ${name} (${columns.join(', ')}) from stdin`));
      copy.end(rows);
      await finished(copy);
    }
    for (const name of names) await client.query(`alter table ${name} enable trigger user`);
    for (const { right, name } of missing) await client.query(`revoke ${right} on ${name} from current_user`);
    await continueSequences(client);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

/** The rights that a migration took from the owner. */
async function missingRights(client: Client, names: readonly string[]): Promise<{ right: string; name: string }[]> {
  const { rows } = await client.query<{ right: string; name: string }>(
    `select right_needed as right, name from unnest($1::text[]) as name,
       unnest('{truncate,insert}'::text[]) as right_needed where not has_table_privilege(name, right_needed)`,
    [names],
  );
  return rows;
}

/** The next number of each identity column comes after those of the rows. */
async function continueSequences(client: Client): Promise<void> {
  const { rows } = await client.query<{ owner: string; name: string }>(
    `select attrelid::regclass::text as owner, attname as name from pg_attribute
     where attidentity <> '' and not attisdropped`,
  );
  for (const { owner, name } of rows) {
    await client.query(
      `select setval(pg_get_serial_sequence($1, $2), coalesce(max(${name}), 0) + 1, false) from ${owner}`,
      [owner, name],
    );
  }
}

function connect(connectionString: string): Promise<Client> {
  return openSession({ connectionString, name: 'frozen schema', statementTimeoutMs: 0 }, () => undefined);
}
