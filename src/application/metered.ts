import type { Application } from './create-application.ts';
import type { Metrics } from './ports/metrics.ts';

/** Counts issued and released leases. */
export function meteredApplication<
  Metered extends Pick<Application, 'issueCredential' | 'issueCredentials' | 'releaseLease'>,
>(application: Metered, metrics: Pick<Metrics, 'leaseIssued' | 'leaseReleased'>): Metered {
  return {
    ...application,
    async issueCredential(context, projectId, command) {
      const issued = await application.issueCredential(context, projectId, command);
      metrics.leaseIssued();
      return issued;
    },
    async issueCredentials(context, projectId, commands) {
      const issued = await application.issueCredentials(context, projectId, commands);
      for (const _ of issued.credentials) metrics.leaseIssued();
      return issued;
    },
    async releaseLease(context, projectId, leaseId) {
      const lease = await application.releaseLease(context, projectId, leaseId);
      metrics.leaseReleased();
      return lease;
    },
  };
}
