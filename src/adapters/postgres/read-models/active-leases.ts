/**
 * A condition on a row `l` of `leases`: it is not released and not expired, and its registry was not deleted since. `at`
 * is the placeholder of the current time. If a registry is created again, its version numbers continue, so leases from
 * before the deletion have lower ones.
 */
export function activeLease(at: string): string {
  return `l.released_at is null and l.expires_at > ${at} and ${notEnded('read_models.registries')}`;
}

/** Of a row `l` of `leases` that is neither released nor expired. @param registries the table, or the rows of it that `ENDED` finds */
export function notEnded(registries: string): string {
  return `not exists (select from ${registries} ended where ended.project_id = l.project_id and ended.id = l.registry_id
      and ${ENDED} and (ended.phase = 'deleted' or l.credential_version < ended.first_version))`;
}

/** Registries `ended` whose earlier leases a deletion ended, as their index has them. */
export const ENDED = `(ended.phase = 'deleted' or ended.first_version > 1)`;
