import { notFound } from '../../domain/errors.ts';
import { parseUuid } from '../../domain/identity.ts';
import { type LeaseView, leaseView } from '../../domain/lease.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { ListedLeases } from '../ports/archived-leases.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';
import type { Trust } from '../trust/trust.ts';
import type { EndLease } from './end-lease.ts';
import { findOwnLease, loadOwnArchivedLease } from './own-lease.ts';

export interface ReleaseLeaseDeps {
  readonly aggregates: AggregateStore;
  readonly leases: ListedLeases;
  readonly trust: Pick<Trust, 'admissions'>;
  readonly endLease: EndLease;
}

/** For the caller that the lease was issued to. Its id proves nothing: it can be computed from what a run asks for. */
export function releaseLeaseUseCase({ endLease, ...deps }: ReleaseLeaseDeps) {
  return async (context: RequestContext, projectId: string, id: string): Promise<LeaseView> => {
    const leaseId = parseUuid(id);
    if (leaseId === undefined) throw notFound('lease');
    const own = await findOwnLease(deps, context, projectId, leaseId);
    if (own === undefined) return loadOwnArchivedLease(deps, context, projectId, leaseId);
    const { lease } = await endLease(projectId, leaseId, 'RELEASED', callerMetadata(own.context, projectId));
    return leaseView(lease);
  };
}
