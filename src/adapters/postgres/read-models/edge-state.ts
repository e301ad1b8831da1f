import { createHash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Client } from 'pg';
import { from, to } from 'pg-copy-streams';
import type { EventAuthenticator } from '../../../application/ports/event-authenticator.ts';
import type { Position } from '../../../application/ports/event-log.ts';
import { OperatorError } from '../../../domain/errors.ts';
import type { Edge } from '../event-archives.ts';
import { pagesOf } from '../pages.ts';
import { textLines } from '../text-lines.ts';
import { LIVE } from './read-model.ts';
import { type Removed, rememberRemoved } from './removed-rows.ts';

/** What one row of `log.edge_state` holds of a table, before it is compressed. In bytes. */
const MAX_CONTENT = 1024 * 1024;
/** Kept with the state, because a restored database has none. */
const REMOVED_ROWS = 'projection.removed_rows';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** What the tables of the read models look like. Rows of another shape are not theirs. */
export async function shapeOfReadModels(client: Pick<Client, 'query'>): Promise<string> {
  const { rows } = await client.query<{ shape: string }>(
    `select md5(string_agg(format('%s.%s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod)), ', '
        order by c.relname collate "C", a.attnum)) as shape
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relkind = 'r' and n.nspname = $1`,
    [LIVE],
  );
  return rows[0]?.shape ?? '';
}

interface Table {
  readonly name: string;
  readonly columns: string;
}

async function tablesOfReadModels(client: Client): Promise<readonly Table[]> {
  const { rows } = await client.query<Table>(
    `select c.relname as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relkind = 'r' and n.nspname = $1 group by c.relname order by c.relname`,
    [LIVE],
  );
  return rows;
}

export interface StateToWrite {
  /** The session with the tables, in `schema`. */
  readonly source: Client;
  readonly schema: string;
  /** Another session. */
  readonly client: Client;
  readonly upTo: Position;
  readonly removed: readonly Removed[];
}

/** Writes the rows of read models that have all events up to an edge. @returns the digest of what was written */
export async function writeState({ source, schema, client, upTo, removed }: StateToWrite): Promise<string> {
  await client.query('delete from log.edge_state where up_to = $1', [upTo]);
  const digest = createHash('sha256');
  let place = 0;
  const write = async (table: string, content: Buffer) => {
    const compressed = await compress(content);
    digest.update(headOf(table, compressed)).update(compressed);
    await client.query('insert into log.edge_state (up_to, place, table_name, content) values ($1, $2, $3, $4)', [
      upTo,
      place,
      table,
      compressed,
    ]);
    place += 1;
  };
  for (const page of pagesOf(removed)) await write(REMOVED_ROWS, Buffer.from(JSON.stringify(page)));
  for (const { name, columns } of await tablesOfReadModels(source)) {
    let lines: Buffer[] = [];
    let bytes = 0;
    for await (const line of textLines(source.query(to(`copy ${schema}.${name} (${columns}) to stdout`)))) {
      lines.push(line, LINE_END);
      bytes += line.length + 1;
      if (bytes < MAX_CONTENT) continue;
      await write(name, Buffer.concat(lines));
      [lines, bytes] = [[], 0];
    }
    if (bytes > 0) await write(name, Buffer.concat(lines));
  }
  return digest.digest('hex');
}
const LINE_END = Buffer.from('\n');

export interface StateToLoad {
  /** Must not use pg's `pipeline`. */
  readonly client: Client;
  /** Has the tables, without rows. */
  readonly schema: string;
  readonly edge: Edge;
  /** Signs what was removed anew; null if only the tables are to be written. */
  readonly signer: Pick<EventAuthenticator, 'signText'> | null;
}

/**
 * Fills the tables with the state at an edge.
 * @throws OperatorError if it is not as Purser wrote it, or of tables of another shape
 */
export async function loadState({ client, schema, edge, signer }: StateToLoad): Promise<void> {
  if ((await shapeOfReadModels(client)) !== edge.shape) throw unusable(edge, 'is of tables of another version');
  const tables = new Map((await tablesOfReadModels(client)).map((table) => [table.name, table]));
  const digest = createHash('sha256');
  const removed: Removed[] = [];
  for (let place = 0; ; place += 1) {
    const { rows } = await client.query<{ table_name: string; content: Buffer }>(
      'select table_name, content from log.edge_state where up_to = $1 and place = $2',
      [edge.upTo, place],
    );
    const [row] = rows;
    if (row === undefined) break;
    const { table_name: name, content } = row;
    digest.update(headOf(name, content)).update(content);
    const table = tables.get(name);
    const text = await decompress(content).catch(() => undefined);
    if (text === undefined || (table === undefined && name !== REMOVED_ROWS)) throw changed(edge);
    if (table === undefined) removed.push(...(JSON.parse(text.toString('utf8')) as Removed[]));
    else await copyInto(client, `${schema}.${table.name} (${table.columns})`, text);
  }
  if (digest.digest('hex') !== edge.stateDigest) throw changed(edge);
  // Cursors and projectors tell builds apart by it.
  await client.query(`update ${schema}.checkpoint set generation = default, updated_at = default`);
  if (signer) for (const each of removed) await rememberRemoved(client, each, signer);
}

async function copyInto(client: Client, target: string, text: Buffer): Promise<void> {
  const copy = client.query(from(`copy ${target} from stdin`));
  copy.end(text);
  await finished(copy);
}

function headOf(table: string, { length }: Buffer): string {
  return `${table} ${length}\n`;
}

function changed(edge: Edge): OperatorError {
  return unusable(edge, 'is not as Purser wrote it');
}

function unusable({ upTo }: Edge, why: string): OperatorError {
  return new OperatorError(
    `Events up to position ${upTo} were archived, and the state that stands for them in the database ${why}. Name the folder with the archives: --archive <folder>.`,
  );
}
