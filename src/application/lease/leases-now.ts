import { olderVersionWarnings } from '../../domain/change-impact.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { ActiveLeases } from '../registry/active-leases.ts';

export interface LeasesNow {
  readonly activeLeases: number;
  /** About leases that hold an older version. */
  readonly warnings: readonly string[];
}

/** What running pipelines hold of a registry. It waits for no other process, so a mutation can answer with it. */
export function leasesNowUseCase(deps: {
  readonly aggregates: Pick<AggregateStore, 'loadRegistry'>;
  readonly activeLeases: Pick<ActiveLeases, 'countByVersion'>;
}) {
  return async (projectId: string, registryId: string): Promise<LeasesNow> => {
    const { state } = await deps.aggregates.loadRegistry(projectId, registryId);
    if (state.phase !== 'live') return { activeLeases: 0, warnings: [] };
    const byVersion = await deps.activeLeases.countByVersion(state);
    return {
      activeLeases: [...byVersion.values()].reduce((sum, leases) => sum + leases, 0),
      warnings: olderVersionWarnings(byVersion, state.credential.version),
    };
  };
}
