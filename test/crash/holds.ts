import type pg from 'pg';
import type { ProtocolDouble } from '../support/protocol-double/start.ts';

/** What stops a service at a step. */
export interface Hold {
  /** Whether the service stands before it. */
  isReached(): Promise<boolean>;
  /** `comesThrough`: whether what the service had sent is carried out after all, though its sender may be gone. */
  letGo(comesThrough: boolean): Promise<void>;
}

/** Locks the row of a table until it is let go. `sender`: the name of the connection that is cut off then, or not. */
export async function holdRow(session: pg.Client, table: string, sender: string): Promise<Hold> {
  await session.query('begin');
  await session.query(`select from ${table} for update`);
  return {
    async isReached() {
      // Within a transaction names stay as they were first seen, which may be those of a connection just made.
      await session.query('select pg_stat_clear_snapshot()');
      const { rowCount } = await session.query(
        "select from pg_stat_activity where wait_event_type = 'Lock' and application_name <> ''",
      );
      return rowCount === 1;
    },
    async letGo(comesThrough) {
      if (!comesThrough) {
        const { rowCount } = await session.query(
          'select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = $1',
          [sender],
        );
        if (rowCount !== 1) throw new Error(`there are ${rowCount} connections of ${sender}`);
      }
      await session.query('rollback');
    },
  };
}

/** Keeps back the appends to the protocol double until they are let go. */
export async function holdAppends(double: ProtocolDouble): Promise<Hold> {
  await double.tell({ order: 'fault', fault: { kind: 'hold' } });
  return {
    isReached: async () => (await double.tell({ order: 'report' })).held === 1,
    letGo: async (comesThrough) => void (await double.tell({ order: 'release', takes: comesThrough })),
  };
}
