import type { QueryResultRow } from 'pg';
import { unavailable } from '../../domain/errors.ts';
import { isTimeout, isUnavailable, outageSentence } from './availability.ts';
import { type ConnectionOptions, createConnection } from './connection.ts';
import type { Queryable, Statement } from './statement.ts';

export interface ReadConnectionsOptions extends Omit<ConnectionOptions, 'pipeline'> {
  readonly connections: number;
}

export interface ReadConnections extends Queryable {
  close(): Promise<void>;
}

/**
 * A fixed set of connections that send statements without waiting for earlier answers. For point reads and short
 * lists they are about twice as fast as a pool, which lends each connection to one statement at a time.
 */
export function createReadConnections({ connections, ...options }: ReadConnectionsOptions): ReadConnections {
  const all = Array.from({ length: connections }, () => createConnection({ ...options, pipeline: true }));
  let next = 0;

  return {
    async query<Row extends QueryResultRow>(statement: Statement) {
      const connection = all[next++ % all.length];
      if (!connection) throw new Error('there are no connections to read with');
      try {
        return await connection.query<Row>(statement);
      } catch (error) {
        if (!isUnavailable(error) || isTimeout(error)) throw answerable(error);
      }
      try {
        // Reads are safe to repeat, and perhaps only the connection was lost.
        return await connection.query<Row>(statement);
      } catch (error) {
        throw answerable(error);
      }
    },
    async close() {
      await Promise.all(all.map((connection) => connection.close()));
    },
  };
}

function answerable(error: unknown): unknown {
  return isUnavailable(error) ? unavailable(`${outageSentence(error)} Try again.`, error) : error;
}
