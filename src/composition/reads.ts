import type { Logger } from 'pino';
import type { StatementObserver } from '../adapters/postgres/observed-statements.ts';
import { createReadConnections, type ReadConnections } from '../adapters/postgres/read-connections.ts';
import { createAuditQueries } from '../adapters/postgres/read-models/audit-queries.ts';
import { createCalendarQueries } from '../adapters/postgres/read-models/calendar-queries.ts';
import { createDailyUseQueries } from '../adapters/postgres/read-models/daily-use-queries.ts';
import { createLeaseQueries } from '../adapters/postgres/read-models/lease-queries.ts';
import { createNoticeQueries } from '../adapters/postgres/read-models/notice-queries.ts';
import { createRegistryQueries } from '../adapters/postgres/read-models/registry-queries.ts';
import { createSlowReads, type SlowReads } from '../adapters/postgres/slow-reads.ts';
import type { Queryable } from '../adapters/postgres/statement.ts';
import type { Lifecycle } from './lifecycle.ts';

/** To the primary, and as many to its standby. */
export const READ_CONNECTIONS = 2;

export interface Reads {
  /** For single things and lists. */
  readonly reads: ReadConnections;
  /** For searches and counts. */
  readonly searches: SlowReads;
  /** For what the replica that leads does from time to time. */
  readonly chores: ReadConnections;
}

/** Connections to the read models. None of the three waits for what another one was asked. */
export function openReads(
  options: {
    readonly connectionString: string;
    readonly logger: Logger;
    readonly statements: StatementObserver | undefined;
  },
  lifecycle: Lifecycle,
): Reads {
  const reads = createReadConnections({ ...options, name: 'purser reads', connections: READ_CONNECTIONS });
  lifecycle.onClose(() => reads.close());
  const searches = createSlowReads(options);
  lifecycle.onClose(() => searches.close());
  const chores = createReadConnections({ ...options, name: 'purser chores', connections: 1, byIndexOnly: true });
  lifecycle.onClose(() => chores.close());
  return { reads, searches, chores };
}

/** The queries that are answered from the read models alone, on the primary or its standby. */
export function createQueries({ reads, searches }: { readonly reads: Queryable; readonly searches: SlowReads }) {
  return {
    registries: createRegistryQueries(reads, Date.now, searches),
    leases: createLeaseQueries(reads, Date.now, searches),
    uses: createDailyUseQueries(reads),
    calendar: createCalendarQueries(reads),
    audit: createAuditQueries(reads, searches),
    notices: createNoticeQueries(reads),
  };
}
