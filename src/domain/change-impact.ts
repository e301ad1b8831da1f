/** What a change of a credential means for the pipelines that run, in plain words. */

/** The most warnings about one registry. */
export const MAX_WARNINGS = 20;

/** A sentence for each version before the current one that leases still hold, the newest first. */
export function olderVersionWarnings(byVersion: ReadonlyMap<number, number>, current: number): string[] {
  return [...byVersion]
    .filter(([version, leases]) => version < current && leases > 0)
    .sort(([a], [b]) => b - a)
    .slice(0, MAX_WARNINGS)
    .map(([version, leases]) =>
      leases === 1
        ? `1 lease still holds version ${version}: make sure that its pipeline ends before the old password is revoked at the registry.`
        : `${leases} leases still hold version ${version}: make sure that their pipelines end before the old password is revoked at the registry.`,
    );
}

/** Why a registry should not be rotated or deleted now; null if no lease is active. */
export function impactReason(activeLeases: number, latestEnd: string | null): string | null {
  if (activeLeases === 0) return null;
  const [leases, them] = activeLeases === 1 ? ['1 lease is', 'it'] : [`${activeLeases} leases are`, 'them'];
  const until = latestEnd === null ? '' : `, the last until ${latestEnd}`;
  return `${leases} active${until}. A delete is refused unless it is forced. A rotation does not wait for ${them}: pipelines that run keep the old password, which works until it is revoked at the registry.`;
}
