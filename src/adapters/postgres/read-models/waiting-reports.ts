import type { FindWaitingReports } from '../../../application/ports/read-models.ts';
import { named, type Queryable } from '../statement.ts';
import { TELLING } from './registry-queries.ts';

const MAX_REGISTRIES = 100;

/** In any order: those that have no turn must not keep the others from being found. */
const WAITING = `select r.project_id, r.id, r.reported_version, ${TELLING} as repository
  from read_models.registries r left join read_models.registry_uses u on u.registry_id = r.id
  where reported_at > now() - interval '1 hour' and phase = 'live' and reported_version = credential_version
    and (told->>'refused')::int is distinct from credential_version
  order by random() limit ${MAX_REGISTRIES}`;

interface WaitingRow {
  readonly project_id: string;
  readonly id: string;
  readonly reported_version: number;
  readonly repository: string | null;
}

export function createFindWaitingReports(database: Queryable): FindWaitingReports {
  return async () => {
    const { rows } = await database.query<WaitingRow>(named('waiting-reports', WAITING, []));
    return rows.map(({ project_id, id, reported_version, repository }) => ({
      projectId: project_id,
      registryId: id,
      credentialVersion: reported_version,
      repository,
    }));
  };
}
