import pg from 'pg';
import type { Position } from '../../../application/ports/event-log.ts';
import { isUnavailable } from '../availability.ts';
import { createConnection } from '../connection.ts';
import { type Logger, loggable } from '../logger.ts';
import type { StatementObserver } from '../observed-statements.ts';
import type { Server } from '../session.ts';
import type { Queryable } from '../statement.ts';

/** Queries cannot go to the server that READ_DATABASE_URL names. The message is a public sentence. */
export class UnfitStandby extends Error {
  override readonly name = 'UnfitStandby';
}

/** What the driver reports of a missing table, or of a missing schema. */
const NO_TABLES = /^(?:42P01|3F000)$/;

/** Why it cannot be used, as a public sentence. */
export function standbyFault(error: unknown): string {
  if (error instanceof UnfitStandby) return error.message;
  if (error instanceof pg.DatabaseError && NO_TABLES.test(error.code ?? '')) return 'It has no read models yet.';
  return isUnavailable(error) ? 'It does not answer.' : 'It cannot be used. The log says why.';
}

interface Look extends Server {
  readonly system: string;
  readonly database: string;
  readonly position: string;
}

const CLUSTER = `(select system_identifier::text from pg_control_system()) as system, current_database() as database`;
const LOOK = {
  name: 'standby-look',
  text: `select pg_is_in_recovery() as standby, extract(epoch from pg_postmaster_start_time())::text as started_at,
    ${CLUSTER}, (select position::text from read_models.checkpoint) as position`,
};
const PRIMARY = { name: 'primary-cluster', text: `select ${CLUSTER}`, values: [] };

export interface StandbyServer {
  /**
   * How far its read models are: their checkpoint moves in the transaction of the rows, so what reads there later finds
   * these. @throws UnfitStandby, or what the driver reports
   */
  look(): Promise<Position>;
  /** For sessions of the same server. @throws UnfitStandby */
  readonly admit: (server: Server) => void;
  /** After it was lost: it may be another one then. */
  forget(): void;
  close(): Promise<void>;
}

export interface StandbyServerOptions {
  readonly connectionString: string;
  readonly primary: Queryable;
  /** Another server, or the same one started again: sessions of the one before must not be used any more. */
  readonly onOtherServer: () => void;
  readonly logger: Logger;
  readonly statements?: StatementObserver | undefined;
}

const LOOK_TIMEOUT_MS = 1_000;

/** The server that READ_DATABASE_URL names. */
export function createStandbyServer({
  primary,
  logger,
  onOtherServer,
  ...options
}: StandbyServerOptions): StandbyServer {
  let startedAt: string | undefined;
  let lastStartedAt: string | undefined;
  let cluster: Promise<{ readonly system: string; readonly database: string } | undefined> | undefined;

  /** Two servers behind one address would each be somewhere else in the log. */
  function admit(server: Server): void {
    if (!server.standby) throw new UnfitStandby('It is not a standby: it is the primary, or was promoted.');
    startedAt ??= server.started_at;
    if (startedAt !== server.started_at) throw new UnfitStandby('Its address leads to more than one server.');
  }

  const connection = createConnection({
    ...options,
    logger,
    name: 'purser standby watch',
    statementTimeoutMs: LOOK_TIMEOUT_MS,
    pipeline: true,
    admit,
  });

  async function primaryCluster() {
    cluster ??= primary.query<{ system: string; database: string }>(PRIMARY).then(({ rows }) => rows[0]);
    try {
      return await cluster;
    } catch (error) {
      cluster = undefined;
      throw error;
    }
  }

  return {
    admit,
    async look() {
      const { rows } = await connection.query<Look>(LOOK);
      const [row] = rows;
      if (!row) throw new UnfitStandby('It has no read models yet.');
      admit(row);
      if (lastStartedAt !== undefined && lastStartedAt !== row.started_at) onOtherServer();
      lastStartedAt = row.started_at;
      const expected = await primaryCluster();
      if (row.system !== expected?.system || row.database !== expected.database) {
        throw new UnfitStandby('It is a standby of another database than that of DATABASE_URL.');
      }
      return BigInt(row.position) as Position;
    },
    forget() {
      startedAt = undefined;
    },
    close: () => connection.close(),
  };
}

/** What the log says of a server that cannot be used. */
export function loggableStandby(error: unknown): object {
  return error instanceof UnfitStandby ? {} : loggable(error);
}
