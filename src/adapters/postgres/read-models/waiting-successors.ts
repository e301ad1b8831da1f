import type { FindWaitingSuccessors } from '../../../application/ports/read-models.ts';
import { named, type Queryable } from '../statement.ts';

const MAX_REGISTRIES = 100;

/** In any order: those whose issuer cannot be reached must not keep the others from being found. Also deleted registries. */
const WAITING = `select project_id, id, now() as at from read_models.registries
  where successors_waiting_since is not null order by random() limit ${MAX_REGISTRIES}`;

interface WaitingRow {
  readonly project_id: string;
  readonly id: string;
  readonly at: string;
}

export function createFindWaitingSuccessors(database: Queryable): FindWaitingSuccessors {
  return async () => {
    const { rows } = await database.query<WaitingRow>(named('waiting-successors', WAITING, []));
    return rows.map(({ project_id, id, at }) => ({ projectId: project_id, registryId: id, at }));
  };
}
