import { notFound } from '../domain/errors.ts';
import { leaseStream } from '../domain/identity.ts';
import type { Lease } from '../domain/lease.ts';
import { PERMISSIONS } from '../domain/permissions.ts';
import { type Admission, grants } from '../domain/trust/admission.ts';
import type { AggregateStore, Loaded } from './aggregate-store.ts';
import type { StreamEvent } from './ports/event-log.ts';
import type { RequestContext } from './request-context.ts';
import type { Trust } from './trust.ts';

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
  { aggregates, trust }: OwnLeaseDeps,
  context: RequestContext,
  projectId: string,
  leaseId: string,
): Promise<OwnLease> {
  const { principal } = context;
  const { state, revision } = await aggregates.loadLease(projectId, leaseId);
  const [issued] = await aggregates.history(leaseStream(projectId, leaseId));
  if (state === null || issued?.metadata.issuer !== principal.issuer) throw notFound('lease');
  if (principal.claims === undefined) {
    if (state.issuedTo !== principal.subject) throw notFound('lease');
    return { state, revision, issued, context };
  }
  const admissions = await trust.admissions(principal, projectId);
  const admission = admissions.find((one) => isHolder(one, state, principal.subject));
  if (admission === undefined) throw notFound('lease');
  return { state, revision, issued, context: { ...context, identity: admission.identity } };
}

/** The jobs of a run have different subjects. Without a run, a lease is of the job that asked. */
function isHolder(admission: Admission, lease: Lease, subject: string): boolean {
  const { rule, pipeline, runId } = admission;
  return (
    grants(admission, PERMISSIONS.registryUse) &&
    lease.identity?.ruleId === rule.id &&
    lease.pipeline === pipeline &&
    lease.runId === runId &&
    (runId !== null || lease.issuedTo === subject)
  );
}
