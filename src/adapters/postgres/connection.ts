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
  let opening = false;
  /** Statements that are not sent yet: while a connection is open, only for the rest of a turn of the event loop. */
  let unsent = 0;
  const usage = () => ({ open: current === undefined ? 0 : 1, waiting: opening ? unsent : 0 });
  const observe = statements.of({ ...session, usage });

  function connect(): Promise<Client> {
    const forget = () => {
      if (current === connecting) current = undefined;
    };
    opening = true;
    const connecting = openSession(session, (error) => {
      logger.warn({ connection: session.name, ...loggable(error) }, 'a connection to Postgres broke');
      forget();
    }).then((client) => client.on('end', forget));
    connecting.catch(forget).finally(() => {
      opening = false;
    });
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
    unsent += 1;
    const client = await used.finally(() => {
      unsent -= 1;
    });
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
      return observe(statement, () => send<Row>(statement));
    },
    async close() {
      closed = true;
      const client = await current?.catch(() => undefined);
      await client?.end();
    },
  };
}
