import type { LiveRegistry } from '../domain/registry.ts';
import type { LeaseQueries } from './ports/read-models.ts';
import type { ReadUnprojected } from './unprojected-events.ts';

export interface ActiveLeasesDeps {
  readonly readUnprojected: ReadUnprojected;
  readonly leases: Pick<LeaseQueries, 'countActive'>;
  readonly now: () => number;
}

/** How many leases of a registry are active, with those that were issued or released a moment ago. */
export type CountActiveLeases = (registry: LiveRegistry) => Promise<number>;

export function createCountActiveLeases({ readUnprojected, leases, now }: ActiveLeasesDeps): CountActiveLeases {
  return async ({ registryId, firstVersion }) => {
    const issued = new Map<string, string>();
    const released = new Set<string>();
    for (const { event } of await readUnprojected()) {
      if (event.type === 'LeaseReleased') released.add(event.data.leaseId);
      if (event.type !== 'CredentialIssued' || event.data.registryId !== registryId) continue;
      if (event.data.credentialVersion >= firstVersion) issued.set(event.data.leaseId, event.data.expiresAt);
    }
    const recent = [...issued].filter(([id, expiresAt]) => !released.has(id) && Date.parse(expiresAt) > now());
    const counted = await leases.countActive(registryId, { firstVersion, except: [...issued.keys(), ...released] });
    return counted + recent.length;
  };
}
