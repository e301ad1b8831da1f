import type { LeaseView } from '../../domain/lease.ts';

/** A lease whose events have left the log. */
export interface ArchivedLease {
  /** Whether it was taken back before its password left. */
  readonly withdrawn: boolean;
}

/** The leases whose ids could be asked for again, because they derive from a run or an idempotency key. */
export interface ArchivedLeases {
  /** @throws PurserError UNAVAILABLE */
  find(leaseId: string): Promise<ArchivedLease | undefined>;
}

/** The read models still have a lease for a while whose events have left the log. */
export interface ListedLeases {
  /** With the issuer of the caller that it was issued to. @throws PurserError UNAVAILABLE */
  byId(projectId: string, leaseId: string): Promise<(LeaseView & { readonly issuer: string | null }) | undefined>;
}
