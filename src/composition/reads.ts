import type { Logger } from 'pino';
import type { StatementObserver } from '../adapters/postgres/observed-statements.ts';
import { createReadConnections, type ReadConnections } from '../adapters/postgres/read-connections.ts';
import { createSlowReads, type SlowReads } from '../adapters/postgres/slow-reads.ts';
import type { Lifecycle } from './lifecycle.ts';

const CONNECTIONS = 2;

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
  const reads = createReadConnections({ ...options, name: 'purser reads', connections: CONNECTIONS });
  lifecycle.onClose(() => reads.close());
  const searches = createSlowReads(options);
  lifecycle.onClose(() => searches.close());
  const chores = createReadConnections({ ...options, name: 'purser chores', connections: 1, byIndexOnly: true });
  lifecycle.onClose(() => chores.close());
  return { reads, searches, chores };
}
