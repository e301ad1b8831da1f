/**
 * A condition on a row `l` of `leases`: it is not released and not expired, and its registry was not deleted since. `at`
 * is the placeholder of the current time. If a registry is created again, its version numbers continue, so leases from
 * before the deletion have lower ones.
 */
export function activeLease(at: string): string {
  return `l.released_at is null and l.expires_at > ${at} and not exists (
    select from read_models.registries ended where ended.id = l.registry_id
      and (ended.phase = 'deleted' or ended.first_version > 1)
      and (ended.phase = 'deleted' or l.credential_version < ended.first_version))`;
}
