import type { Client, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { mustReconnect } from './availability.ts';
import { type Logger, loggable } from './logger.ts';
import { type StatementObserver, UNOBSERVED } from './observed-statements.ts';
import { openSession, type SessionOptions } from './session.ts';

export interface ConnectionOptions extends SessionOptions {
  readonly logger: Logger;
  /** Default: nothing observes the statements. */
  readonly statements?: StatementObserver | undefined;
}

/** One connection. It is opened at its first use, and opened again at the next use after it was lost. */
export interface Connection {
  query<Row extends QueryResultRow>(statement: QueryConfig): Promise<QueryResult<Row>>;
  /** Ends the connection after the pending statements are answered. */
  close(): Promise<void>;
}

export function createConnection({ logger, statements = UNOBSERVED, ...session }: ConnectionOptions): Connection {
  let current: Promise<Client> | undefined;
  let closed = false;

  function connect(): Promise<Client> {
    const forget = () => {
      if (current === connecting) current = undefined;
    };
    const connecting = openSession(session, (error) => {
      logger.warn({ connection: session.name, ...loggable(error) }, 'a connection to Postgres broke');
      forget();
    }).then((client) => client.on('end', forget));
    connecting.catch(forget);
    return connecting;
  }

  /**
   * Do not use a connection with an outstanding answer: that answer could be taken for another statement's. One that is
   * read-only may stay so after the database can be written again.
   */
  function discard(used: Promise<Client>, client: Client): void {
    if (current === used) current = undefined;
    client.end().catch(() => undefined);
  }

  async function send<Row extends QueryResultRow>(statement: QueryConfig): Promise<QueryResult<Row>> {
    current ??= connect();
    const used = current;
    const client = await used;
    try {
      return await client.query<Row>(statement);
    } catch (error) {
      if (mustReconnect(error)) discard(used, client);
      throw error;
    }
  }

  return {
    async query<Row extends QueryResultRow>(statement: QueryConfig) {
      if (closed) throw new Error('Client was closed and is not queryable');
      return statements.observe(session.name, statement, () => send<Row>(statement));
    },
    async close() {
      closed = true;
      const client = await current?.catch(() => undefined);
      await client?.end();
    },
  };
}
