import { useApiQuery } from '../../api/use-api-query.ts';
import { REGISTRY } from './registry-operations.ts';
import { LEASES_READ_MS } from './usage-operations.ts';

/** Keeps the counts of a registry's leases new while they are shown: their beginnings and ends are no changes of it. */
export function useLeaseCounts(projectId: string, registryId: string): void {
  useApiQuery(REGISTRY, { projectId, id: registryId }, { refetchInterval: LEASES_READ_MS });
}
