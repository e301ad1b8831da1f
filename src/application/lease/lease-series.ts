import { derivedId, type Run, runLeaseId } from '../../domain/identity.ts';
import type { Lease } from '../../domain/lease.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { IdempotentRequest } from '../log/idempotency.ts';
import type { ArchivedLeases } from '../ports/archived-leases.ts';

/**
 * The ids of the leases that one asker gets, one after the other. They are derived, so the log lets only one request begin
 * each of them, on whichever replica.
 */
export type LeaseSeries = (index: number) => string;

/** A request that is repeated with its key gets the next one only if the one before it was withdrawn: nobody has that one. */
export function leasesOfKey({ id }: IdempotentRequest): LeaseSeries {
  return (index) => derivedId(id, index);
}

/** A run gets the next one when the one before it has ended. */
export function leasesOfRun(run: Run): LeaseSeries {
  return (index) => runLeaseId(run, index);
}

export interface LastLease {
  readonly index: number;
  readonly withdrawn: boolean;
  /** Undefined if its events have left the log: then it ended long ago. */
  readonly held: HeldLease | undefined;
}

export interface HeldLease {
  readonly lease: Lease;
  /** Of the lease's stream. */
  readonly revision: number | 'no-stream';
}

export interface LeaseSeriesDeps {
  readonly aggregates: Pick<AggregateStore, 'loadLease'>;
  readonly archivedLeases: ArchivedLeases;
}

/** The last lease of the series that was begun; undefined if none was. Reads few streams, however many there are. */
export async function lastLease(
  { aggregates, archivedLeases }: LeaseSeriesDeps,
  projectId: string,
  series: LeaseSeries,
): Promise<LastLease | undefined> {
  const at = async (index: number): Promise<LastLease | null> => {
    const id = series(index);
    const { state, revision } = await aggregates.loadLease(projectId, id);
    if (state !== null) return { index, withdrawn: state.withdrawn, held: { lease: state, revision } };
    // Only then: events that leave the log are recorded as archived in the same transaction.
    const archived = await archivedLeases.find(id);
    return archived === undefined ? null : { index, ...archived, held: undefined };
  };

  let last: LastLease | undefined;
  let missing = 0;
  for (;;) {
    const found = await at(missing);
    if (found === null) break;
    last = found;
    missing = 2 * missing + 1;
  }
  while (last !== undefined && missing - last.index > 1) {
    const index = Math.floor((last.index + missing) / 2);
    const found = await at(index);
    if (found === null) missing = index;
    else last = found;
  }
  return last;
}
