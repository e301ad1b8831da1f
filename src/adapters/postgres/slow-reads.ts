import type { QueryResultRow } from 'pg';
import pg from 'pg';
import { unavailable } from '../../domain/errors.ts';
import { isTimeout, isUnavailable, outageSentence } from './availability.ts';
import type { Logger } from './logger.ts';
import { type StatementObserver, UNOBSERVED } from './observed-statements.ts';
import { createPool, usageOf } from './pool.ts';
import { createProjectTurns } from './project-turns.ts';
import type { SessionOptions } from './session.ts';
import type { Queryable, Statement } from './statement.ts';

const NAME = 'purser searches';
const CONNECTIONS = 4;
/** So that two projects at least are served at a time. */
const OF_A_PROJECT = 2;
const MAX_WAITING = 50;
const PATIENCE_MS = 5_000;
/** Milliseconds a statement may take. */
const STATEMENT_TIMEOUT_MS = 2_000;
const TOO_SLOW = `The search took the database more than ${STATEMENT_TIMEOUT_MS / 1000} seconds. Narrow the filter.`;

/** Searches and counts, which may take long, on connections that no point read waits for. */
export interface SlowReads {
  /** @throws PurserError UNAVAILABLE for what takes longer than 2 s, RATE_LIMITED if too many of the project wait */
  ofProject(projectId: string): Queryable;
}

export interface SlowReadConnections extends SlowReads {
  close(): Promise<void>;
}

export interface SlowReadsOptions {
  readonly connectionString: string;
  readonly logger: Logger;
  /** Default: `purser searches`. */
  readonly name?: string | undefined;
  /** See `SessionOptions`. */
  readonly admit?: SessionOptions['admit'];
  /** Default: nothing observes the statements. */
  readonly statements?: StatementObserver | undefined;
}

/** Each connection takes one statement at a time: another one would wait behind a slow one. Opened at need. */
export function createSlowReads(options: SlowReadsOptions): SlowReadConnections {
  const { connectionString, logger, name = NAME, admit, statements = UNOBSERVED } = options;
  const pool = createPool({
    connectionString,
    name,
    admit,
    max: CONNECTIONS,
    logger,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const observe = statements.of({ name, connectionString, usage: () => usageOf(pool) });
  const turns = createProjectTurns({ atOnce: OF_A_PROJECT, maxWaiting: MAX_WAITING, patienceMs: PATIENCE_MS });

  async function send<Row extends QueryResultRow>(statement: Statement): Promise<{ rows: Row[] }> {
    const sent = () => observe(statement, () => pool.query<Row>(statement));
    try {
      return await sent();
    } catch (error) {
      if (!isUnavailable(error) || isTimeout(error)) throw error;
    }
    // Reads are safe to repeat, and perhaps only the connection was lost.
    return sent();
  }

  return {
    ofProject: (projectId) => ({
      query: <Row extends QueryResultRow>(statement: Statement) =>
        turns.run(projectId, () => send<Row>(statement).catch((error: unknown) => Promise.reject(answerable(error)))),
    }),
    close: () => pool.end(),
  };
}

function answerable(error: unknown): unknown {
  if (error instanceof pg.DatabaseError && isTimeout(error)) return unavailable(TOO_SLOW, error);
  return isUnavailable(error) ? unavailable(`${outageSentence(error)} Try again.`, error) : error;
}
