import { derivedId, type Run, runLeaseId } from '../domain/identity.ts';
import type { Lease } from '../domain/lease.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { IdempotentRequest } from './idempotency.ts';

/**
 * The ids of the leases that one asker gets, one after the other. They are derived, so the log lets only one request begin
 * each of them, on whichever replica.
 */
export type LeaseSeries = (index: number) => string;

/** A request that is repeated with its key gets the next one only if a rotation took the one before it away. */
export function leasesOfKey({ id }: IdempotentRequest): LeaseSeries {
  return (index) => derivedId(id, index);
}

/** A run gets the next one when the one before it has ended. */
export function leasesOfRun(run: Run): LeaseSeries {
  return (index) => runLeaseId(run, index);
}

export interface LastLease {
  readonly index: number;
  readonly lease: Lease;
}

/** The last lease of the series that was begun; undefined if none was. Reads few streams, however many there are. */
export async function lastLease(
  aggregates: Pick<AggregateStore, 'loadLease'>,
  projectId: string,
  series: LeaseSeries,
): Promise<LastLease | undefined> {
  const at = async (index: number): Promise<Lease | null> =>
    (await aggregates.loadLease(projectId, series(index))).state;

  let last: LastLease | undefined;
  let missing = 0;
  for (;;) {
    const lease = await at(missing);
    if (lease === null) break;
    last = { index: missing, lease };
    missing = 2 * missing + 1;
  }
  while (last !== undefined && missing - last.index > 1) {
    const index = Math.floor((last.index + missing) / 2);
    const lease = await at(index);
    if (lease === null) missing = index;
    else last = { index, lease };
  }
  return last;
}
