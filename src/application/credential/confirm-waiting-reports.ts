import type { BackgroundWork } from '../background-work.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { FindWaitingReports } from '../ports/read-models.ts';
import { reportingEachRegistry } from '../registry-faults.ts';
import type { ConfirmReport } from './confirm-report.ts';

export interface ConfirmWaitingReportsDeps {
  readonly findWaitingReports: FindWaitingReports;
  readonly aggregates: Pick<AggregateStore, 'loadRegistry'>;
  readonly confirmReport: ConfirmReport;
  readonly background: Pick<BackgroundWork, 'start'>;
  /** Gets what is wrong with one registry, not in each round. The round goes on with the others. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Confirms reports that found no turn when they came: of a version that is newer than the one that took it, or while too
 * many logins were under way. They wait in the read models, for an hour at most. Only the leader does this.
 */
export function confirmWaitingReports(deps: ConfirmWaitingReportsDeps): (signal: AbortSignal) => Promise<void> {
  const { findWaitingReports, aggregates, confirmReport, background } = deps;
  const report = reportingEachRegistry(deps.onFault);

  return async (signal) => {
    for (const { projectId, registryId, credentialVersion, repository } of await findWaitingReports()) {
      if (signal.aborted) return;
      const confirm = async () => {
        const { state } = await aggregates.loadRegistry(projectId, registryId);
        if (state.phase !== 'live' || state.credential.version !== credentialVersion) return;
        await confirmReport({ projectId, registryId }, state, repository);
      };
      const isStarted = background.start(() => confirm().catch((error: unknown) => report(registryId, error)));
      if (!isStarted) return;
    }
  };
}
