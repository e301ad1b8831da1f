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
 * Runs `copy … to stdout` and hands over what comes, as it comes: a table of any size needs no memory.
 * In the binary format a `bytea` comes as its bytes, and what is stored compressed comes as it was.
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
