import type pg from 'pg';
import type { Connection, Submittable } from 'pg';

/** The part of the driver's protocol that it has types for on neither side. */
interface CopyMessages extends Submittable {
  handleCopyData(message: { readonly chunk: Buffer }): void;
  handleCommandComplete(): void;
  handleReadyForQuery(): void;
  handleError(error: Error): void;
}

/**
 * Runs `copy … to stdout` and passes on each chunk at once, so that a table of any size needs little memory.
 * In the binary format a `bytea` arrives as its bytes, and compressed values arrive uncompressed.
 */
export function copyTable(client: pg.Client, table: string, onData: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const copy: CopyMessages = {
      submit: (connection: Connection) => connection.query(`copy ${table} to stdout (format binary)`),
      handleCopyData: ({ chunk }) => onData(chunk),
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => resolve(),
      handleError: reject,
    };
    client.query(copy);
  });
}

/** All tables that are not Postgres' own, quoted. */
export async function tablesOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  return rows.map(({ name }) => name);
}
