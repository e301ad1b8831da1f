import type { LiveRegistry } from '../domain/registry.ts';
import type { LeaseQueries } from './ports/read-models.ts';
import type { ReadUnprojected } from './unprojected-events.ts';

export interface ActiveLeasesDeps {
  readonly readUnprojected: ReadUnprojected;
  readonly leases: Pick<LeaseQueries, 'countActive'>;
  readonly now: () => number;
}

/** How many leases of a registry, or of one of its versions, are active, with those of a moment ago. */
export type CountActiveLeases = (registry: LiveRegistry, version?: number) => Promise<number>;

export function createCountActiveLeases({ readUnprojected, leases, now }: ActiveLeasesDeps): CountActiveLeases {
  return async ({ registryId, firstVersion }, version) => {
    const issued = new Map<string, string>();
    const released = new Set<string>();
    for (const { event } of await readUnprojected()) {
      if (event.type === 'LeaseReleased') released.add(event.data.leaseId);
      if (event.type !== 'CredentialIssued' || event.data.registryId !== registryId) continue;
      const { credentialVersion, leaseId, expiresAt } = event.data;
      const isCounted = version === undefined ? credentialVersion >= firstVersion : credentialVersion === version;
      if (isCounted) issued.set(leaseId, expiresAt);
    }
    const recent = [...issued].filter(([id, expiresAt]) => !released.has(id) && Date.parse(expiresAt) > now());
    const except = [...issued.keys(), ...released];
    const counted = await leases.countActive(registryId, { firstVersion, version, except });
    return counted + recent.length;
  };
}
