import { createHash } from 'node:crypto';
import { type Client, escapeIdentifier } from 'pg';
import { to } from 'pg-copy-streams';
import type { ComparedTable, RowDifference } from '../../../application/ports/doctor-queries.ts';
import { LIVE } from '../read-models/read-model.ts';
import { textLines } from '../text-lines.ts';

/** Columns that say when rows were written, or what the vault held then. */
const UNCOMPARED: ReadonlySet<string> = new Set([
  'changes.written_at',
  'checkpoint.updated_at',
  'checkpoint.generation',
  'parked_events.parked_at',
  'registries.secret_missing',
]);

interface TableShape {
  readonly table: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

export async function tablesToCompare(client: Client): Promise<readonly TableShape[]> {
  const { rows } = await client.query<TableShape>(
    `select c.relname as table,
        array(select a.attname::text from pg_attribute a
               where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns,
        array(select a.attname::text from unnest(i.indkey) with ordinality k (attnum, place)
                join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum order by k.place) as key
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_index i on i.indrelid = c.oid and i.indisprimary
      where c.relkind = 'r' and n.nspname = $1 order by c.relname`,
    [LIVE],
  );
  return rows;
}

/**
 * Reads both tables at the same time, a row of each at a time, so that memory does not follow their size. Rows in use that
 * fulfil `leftOut`, a condition of `t`, are passed over.
 */
export async function compareTable(
  live: Client,
  shadow: { readonly client: Client; readonly schema: string },
  shape: TableShape,
  leftOut = 'false',
): Promise<ComparedTable> {
  const { table } = shape;
  const ours = rowsOf(live, LIVE, shape, leftOut);
  const theirs = rowsOf(shadow.client, shadow.schema, shape, 'false');
  const digests = [createHash('sha256'), createHash('sha256')] as const;
  let rows = 0;
  let first: readonly [Buffer | undefined, Buffer | undefined] | undefined;
  for (;;) {
    const [own, other] = await Promise.all([ours.next(), theirs.next()]);
    if (own.done && other.done) break;
    const pair = [own.value ?? undefined, other.value ?? undefined] as const;
    if (pair[0] !== undefined) rows += 1;
    for (const [side, line] of pair.entries()) if (line !== undefined) digests[side]?.update(line).update('\n');
    if (first === undefined && !isSame(pair)) first = pair.map((line) => line && Buffer.from(line)) as [Buffer, Buffer];
  }
  const [inUse, anew] = [digests[0].digest('hex'), digests[1].digest('hex')];
  const difference = first === undefined ? null : await explain(shadow, shape, first);
  return { table, rows, inUse, anew, difference };
}

function isSame([own, other]: readonly [Buffer | undefined, Buffer | undefined]): boolean {
  return own !== undefined && other !== undefined && own.equals(other);
}

/** Lines of key and row, in the order of the key. */
function rowsOf(
  client: Client,
  schema: string,
  shape: TableShape,
  leftOut: string,
): AsyncGenerator<Buffer, void, undefined> {
  const compared = shape.columns.filter((column) => !UNCOMPARED.has(`${shape.table}.${column}`));
  const text = `copy (select ${keyOf(shape)}, to_jsonb(row(${listed(compared)}))
    from ${schema}.${escapeIdentifier(shape.table)} t where not (${leftOut}) order by ${listed(shape.key)}) to stdout`;
  return textLines(client.query(to(text)));
}

async function explain(
  { client, schema }: { readonly client: Client; readonly schema: string },
  shape: TableShape,
  [own, other]: readonly [Buffer | undefined, Buffer | undefined],
): Promise<RowDifference> {
  const ownKey = own && keyIn(own);
  const otherKey = other && keyIn(other);
  if (ownKey === undefined || otherKey === undefined) {
    return { key: ownKey ?? otherKey ?? '', kind: ownKey === undefined ? 'MISSING' : 'SURPLUS' };
  }
  if (ownKey === otherKey) return { key: ownKey, kind: 'CHANGED' };
  const { rowCount } = await client.query(
    `select from ${schema}.${escapeIdentifier(shape.table)} where ${keyOf(shape)}::text = $1`,
    [ownKey],
  );
  return rowCount === 0 ? { key: ownKey, kind: 'SURPLUS' } : { key: otherKey, kind: 'MISSING' };
}

/** COPY doubles the backslashes of JSON. */
function keyIn(line: Buffer): string {
  return line.subarray(0, line.indexOf('\t')).toString('utf8').replaceAll('\\\\', '\\');
}

function keyOf({ key }: TableShape): string {
  return `jsonb_build_array(${listed(key)})`;
}

function listed(columns: readonly string[]): string {
  return columns.map((column) => escapeIdentifier(column)).join(', ');
}
