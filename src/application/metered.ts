import type { Application } from './create-application.ts';
import type { Metrics } from './ports/metrics.ts';

/** Counts leases that are issued, and that are released or revoked. */
export function meteredApplication<
  Metered extends Pick<Application, 'issueCredential' | 'issueCredentials' | 'releaseLease' | 'revokeLeases'>,
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
    async revokeLeases(context, projectId, registryId) {
      const answer = await application.revokeLeases(context, projectId, registryId);
      for (let count = 0; count < answer.revoked; count += 1) metrics.leaseReleased();
      return answer;
    },
  };
}
