import { notFound } from '../../domain/errors.ts';
import { leaseStream } from '../../domain/identity.ts';
import type { Lease, LeaseView } from '../../domain/lease.ts';
import { PERMISSIONS } from '../../domain/permissions.ts';
import { type Admission, grants } from '../../domain/trust/admission.ts';
import type { AggregateStore, Loaded } from '../log/aggregate-store.ts';
import type { ListedLeases } from '../ports/archived-leases.ts';
import type { StreamEvent } from '../ports/event-log.ts';
import type { RequestContext } from '../request-context.ts';
import type { Trust } from '../trust/trust.ts';

export interface OwnLease extends Loaded<Lease> {
  /** The record of its issue. */
  readonly issued: StreamEvent;
  /** With the identity of the caller's token, for the events. */
  readonly context: RequestContext;
}

export interface OwnLeaseDeps {
  readonly aggregates: Pick<AggregateStore, 'loadLease' | 'history'>;
  readonly trust: Pick<Trust, 'admissions'>;
}

/**
 * The lease, if it was issued to this caller: one subject of one issuer, or one run of a pipeline that a trust rule let in.
 * Another caller's is as if it did not exist.
 * @throws PurserError NOT_FOUND
 */
export async function loadOwnLease(
  deps: OwnLeaseDeps,
  context: RequestContext,
  projectId: string,
  leaseId: string,
): Promise<OwnLease> {
  const own = await findOwnLease(deps, context, projectId, leaseId);
  if (own === undefined) throw notFound('lease');
  return own;
}

/** Undefined if the log has no such lease. @throws PurserError NOT_FOUND if it is another caller's */
export async function findOwnLease(
  { aggregates, trust }: OwnLeaseDeps,
  context: RequestContext,
  projectId: string,
  leaseId: string,
): Promise<OwnLease | undefined> {
  const { state, revision } = await aggregates.loadLease(projectId, leaseId);
  const [issued] = await aggregates.history(leaseStream(projectId, leaseId));
  // A state may still be remembered whose events have left the log.
  if (state === null || issued === undefined) return undefined;
  const { issuer } = issued.metadata;
  return { state, revision, issued, context: await asHolder(trust, context, projectId, { ...state, issuer }) };
}

/**
 * A lease whose events have left the log, as the read models have it: it ended long ago.
 * @throws PurserError NOT_FOUND, also if it is another caller's
 */
export async function loadOwnArchivedLease(
  { leases, trust }: Pick<OwnLeaseDeps, 'trust'> & { readonly leases: ListedLeases },
  context: RequestContext,
  projectId: string,
  leaseId: string,
): Promise<LeaseView> {
  const found = await leases.byId(projectId, leaseId);
  if (found === undefined) throw notFound('lease');
  await asHolder(trust, context, projectId, found);
  const { issuer: _issuer, ...lease } = found;
  return lease;
}

/** @throws PurserError NOT_FOUND if the lease is another caller's */
async function asHolder(
  trust: OwnLeaseDeps['trust'],
  context: RequestContext,
  projectId: string,
  lease: LeaseView & { readonly issuer: string | null },
): Promise<RequestContext> {
  const { principal } = context;
  if (lease.issuer !== principal.issuer) throw notFound('lease');
  if (principal.claims === undefined) {
    if (lease.issuedTo !== principal.subject) throw notFound('lease');
    return context;
  }
  const admissions = await trust.admissions(principal, projectId);
  const admission = admissions.find((one) => isHolder(one, lease, principal.subject));
  if (admission === undefined) throw notFound('lease');
  return { ...context, identity: admission.identity };
}

/** The jobs of a run have different subjects. Without a run, a lease is of the job that asked. */
function isHolder(admission: Admission, lease: LeaseView, subject: string): boolean {
  const { rule, pipeline, runId } = admission;
  return (
    grants(admission, PERMISSIONS.registryUse) &&
    lease.identity?.ruleId === rule.id &&
    lease.pipeline === pipeline &&
    lease.runId === runId &&
    (runId !== null || lease.issuedTo === subject)
  );
}
