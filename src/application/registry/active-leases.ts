import type { LeaseInUse } from '../../domain/errors.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import type { ReadUnprojected } from '../log/unprojected-events.ts';
import type { LeaseQueries } from '../ports/read-models.ts';

/** As many leases as a refusal names. */
const NAMED = 20;
/** As many as are ended at a time. */
const PAGE = 500;

export interface ActiveLeasesDeps {
  readonly readUnprojected: ReadUnprojected;
  readonly leases: Pick<LeaseQueries, 'countActive' | 'countByVersion' | 'listActive'>;
  readonly now: () => number;
}

/** How many leases of a registry, or of one of its versions, are active, with those of a moment ago. */
export type CountActiveLeases = (registry: LiveRegistry, version?: number) => Promise<number>;

export interface NamedLeases {
  readonly activeLeases: number;
  /** Those of them that end last. */
  readonly leases: readonly LeaseInUse[];
}

export const NO_LEASES: NamedLeases = { activeLeases: 0, leases: [] };

/** The active leases of a registry, with those that were issued or ended a moment ago. */
export interface ActiveLeases {
  readonly count: CountActiveLeases;
  named(registry: LiveRegistry): Promise<NamedLeases>;
  countByVersion(registry: LiveRegistry): Promise<ReadonlyMap<number, number>>;
  /** All of them, in pages, those that end last first. */
  pages(registry: LiveRegistry): AsyncGenerator<readonly LeaseInUse[], void, undefined>;
}

interface RecentLease extends LeaseInUse {
  readonly version: number;
}

export function createActiveLeases({ readUnprojected, leases, now }: ActiveLeasesDeps): ActiveLeases {
  /** Those that the read models may not have passed: active ones, and the ids of all, which the read models leave out. */
  async function recent({ registryId, firstVersion }: LiveRegistry) {
    const issued = new Map<string, RecentLease>();
    const ended = new Set<string>();
    for (const { event } of await readUnprojected()) {
      if (event.type === 'LeaseReleased') ended.add(event.data.leaseId);
      if (event.type !== 'CredentialIssued' || event.data.registryId !== registryId) continue;
      const { leaseId: id, credentialVersion: version, pipeline, runId, expiresAt } = event.data;
      if (version >= firstVersion) issued.set(id, { id, version, pipeline, runId, expiresAt });
    }
    const active = [...issued.values()].filter(({ id, expiresAt }) => !ended.has(id) && Date.parse(expiresAt) > now());
    return { active, except: [...issued.keys(), ...ended] };
  }

  async function count(registry: LiveRegistry, version?: number): Promise<number> {
    const { registryId, firstVersion } = registry;
    const { active, except } = await recent(registry);
    const counted = await leases.countActive(registryId, { firstVersion, version, except });
    return counted + active.filter((lease) => version === undefined || lease.version === version).length;
  }

  return {
    count,

    async named(registry) {
      const activeLeases = await count(registry);
      if (activeLeases === 0) return NO_LEASES;
      const { registryId, firstVersion } = registry;
      const { active, except } = await recent(registry);
      const known = await leases.listActive(registryId, { firstVersion, except, limit: NAMED });
      const all = [...active.map(inUse), ...known].sort((a, b) => (a.expiresAt < b.expiresAt ? 1 : -1));
      return { activeLeases, leases: all.slice(0, NAMED) };
    },

    async countByVersion(registry) {
      const { registryId, firstVersion } = registry;
      const { active, except } = await recent(registry);
      const counts = new Map(await leases.countByVersion(registryId, { firstVersion, except }));
      for (const { version } of active) counts.set(version, (counts.get(version) ?? 0) + 1);
      return counts;
    },

    async *pages(registry) {
      const { registryId, firstVersion } = registry;
      const { active, except } = await recent(registry);
      if (active.length > 0) yield active;
      let after: LeaseInUse | undefined;
      for (;;) {
        const page = await leases.listActive(registryId, { firstVersion, except, after, limit: PAGE });
        if (page.length > 0) yield page;
        if (page.length < PAGE) return;
        after = page.at(-1);
      }
    },
  };
}

function inUse({ version: _version, ...lease }: RecentLease): LeaseInUse {
  return lease;
}
