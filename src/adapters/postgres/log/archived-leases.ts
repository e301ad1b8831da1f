import type { ArchivedLease, ArchivedLeases } from '../../../application/ports/archived-leases.ts';
import type { Queryable } from '../statement.ts';

/** The table `log.archived_leases`, which `log.remove_archived` fills. */
export function createArchivedLeases(database: Queryable): ArchivedLeases {
  return {
    async find(leaseId) {
      const { rows } = await database.query<ArchivedLease>({
        name: 'archived-lease',
        text: 'select withdrawn from log.archived_leases where lease_id = $1',
        values: [leaseId],
      });
      return rows[0];
    },
  };
}
