import type { Metrics } from '../adapters/prometheus/metrics.ts';
import type { Application } from '../application/application.ts';

/** Counts leases as they are handed out and given back. */
export function meteredApplication(application: Application, metrics: Metrics): Application {
  return {
    ...application,
    async issueCredential(context, projectId, command) {
      const issued = await application.issueCredential(context, projectId, command);
      metrics.leaseIssued();
      return issued;
    },
    async releaseLease(context, projectId, leaseId) {
      const lease = await application.releaseLease(context, projectId, leaseId);
      metrics.leaseReleased();
      return lease;
    },
  };
}
