import { type Client, escapeIdentifier } from 'pg';
import type { BackedUpTable } from './backup-format.ts';

/** Everything in these schemas is backed up, so that a new table is as well. */
const SCHEMAS = ['log', 'vault'];
/**
 * The rest can be built again from the log, or is true only of the moment. What was removed from the read models stays removed:
 * the log does not say it.
 */
const FURTHER_TABLES = ['projection.cursor_key', 'projection.removed_rows'];
const LEFT_OUT_TABLES = [
  // Follows from the events.
  'log.head',
  // Live for hours at most, are minted again, and would make a restore ask for keys that no secret is under.
  'vault.minted_passwords',
];
/** Not restored: what a restore must come to when the read models are built again. */
export const AUDIT_HEADS = 'read_models.audit_heads';

type TableShape = Omit<BackedUpTable, 'rows'>;

/** The tables of a backup, those first that others refer to. */
export async function tablesToBackUp(client: Client): Promise<TableShape[]> {
  const { rows } = await client.query<TableShape>(
    `select n.nspname as schema, c.relname as name,
            array(select attname::text from pg_attribute
                   where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and c.relpersistence = 'p'
        and (n.nspname = any($1) and n.nspname || '.' || c.relname <> all($2) or n.nspname || '.' || c.relname = any($3))
      order by c.oid`,
    [SCHEMAS, LEFT_OUT_TABLES, [...FURTHER_TABLES, AUDIT_HEADS]],
  );
  return rows;
}

/** The keys of the key file that are needed to open what the tables hold. */
export async function keyIdsIn(client: Client, tables: readonly TableShape[]): Promise<number[]> {
  const sealed = tables.filter(({ columns }) => columns.includes(KEY_ID) && columns.includes('wrapped_key'));
  if (sealed.length === 0) return [];
  const each = sealed.map((table) => `select ${KEY_ID} as id from ${nameOf(table)} where ${KEY_ID} is not null`);
  const { rows } = await client.query<{ id: number }>(`${each.join(' union ')} order by id`);
  return rows.map(({ id }) => id);
}
const KEY_ID = 'kek_id';

export function nameOf({ schema, name }: Pick<TableShape, 'schema' | 'name'>): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}

export function columnsOf({ columns }: Pick<TableShape, 'columns'>): string {
  return columns.map((column) => escapeIdentifier(column)).join(', ');
}
