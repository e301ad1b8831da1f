/**
 * Of a row `l` of `leases`: it was not released and has not expired, and its registry was not deleted since. `at` is the
 * placeholder of the time of asking. A registry that was created again counts its versions on, which tells them apart.
 */
export function activeLease(at: string): string {
  return `l.released_at is null and l.expires_at > ${at} and not exists (
    select from read_models.registries ended where ended.id = l.registry_id
      and (ended.phase = 'deleted' or l.credential_version < ended.first_version))`;
}
