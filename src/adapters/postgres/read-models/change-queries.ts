import type { ChangeView } from '../../../application/ports/read-models.ts';
import type { Queryable } from '../statement.ts';
import type { ChangeRow } from './changes.ts';
import { createFeedQuery, type FeedQuery } from './feed-query.ts';

const COLUMNS = 'sequence::float8 as sequence, kind, project_id, registry_id, registry';

export function createChangeFeedQuery(database: Queryable): FeedQuery<ChangeView> {
  return createFeedQuery<ChangeRow, ChangeView>(database, { table: 'changes', columns: COLUMNS, view });
}

function view(row: ChangeRow): ChangeView {
  return {
    sequence: row.sequence,
    kind: row.kind,
    projectId: row.project_id,
    registryId: row.registry_id,
    registry: row.registry,
  };
}
