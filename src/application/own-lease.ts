import { notFound } from '../domain/errors.ts';
import { leaseStream } from '../domain/identity.ts';
import type { Lease } from '../domain/lease.ts';
import type { AggregateStore, Loaded } from './aggregate-store.ts';
import type { StreamEvent } from './ports/event-log.ts';
import type { RequestContext } from './request-context.ts';

export interface OwnLease extends Loaded<Lease> {
  /** The record of its issue. */
  readonly issued: StreamEvent;
}

/**
 * The lease, if it was issued to this caller: one subject of one issuer. Another caller's is as if it did not exist.
 * @throws PurserError NOT_FOUND
 */
export async function loadOwnLease(
  aggregates: Pick<AggregateStore, 'loadLease' | 'history'>,
  { principal }: RequestContext,
  projectId: string,
  leaseId: string,
): Promise<OwnLease> {
  const { state, revision } = await aggregates.loadLease(projectId, leaseId);
  const [issued] = await aggregates.history(leaseStream(projectId, leaseId));
  const isOwn = issued?.metadata.issuer === principal.issuer && state?.issuedTo === principal.subject;
  if (state === null || !isOwn) throw notFound('lease');
  return { state, revision, issued };
}
