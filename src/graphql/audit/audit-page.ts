import type { AuditFilter } from '../../application/ports/read-models.ts';
import { type CursorScope, decodeSequence } from '../paging/cursors.ts';
import { pageSize } from '../paging/page-size.ts';
import type { Services } from '../pipeline/context.ts';
import { auditSelection } from './audit-filter.ts';
import type { AuditConnectionObject } from './audit-types.ts';

export interface AuditPage {
  readonly filter: AuditFilter;
  readonly first: number | null | undefined;
  readonly after: string | null | undefined;
  readonly defaultSize: number;
}

/** @throws PurserError BAD_USER_INPUT on `first` or `after` */
export async function auditPage(
  { queries, cursors }: Pick<Services, 'queries' | 'cursors'>,
  projectId: string,
  { filter, first, after, defaultSize }: AuditPage,
): Promise<AuditConnectionObject> {
  const scope: CursorScope = { of: 'audit', projectId, selection: auditSelection(filter) };
  const { entries, hasNextPage } = await queries.audit.list(projectId, {
    filter,
    first: pageSize(first, defaultSize),
    before: decodeSequence(cursors, scope, after),
  });
  const nodes = entries.map((entry) => ({ ...entry, cursor: cursors.encode(scope, String(entry.sequence)) }));
  return {
    nodes,
    pageInfo: { hasNextPage, endCursor: nodes.at(-1)?.cursor ?? null },
    count: () => queries.audit.count(projectId, filter),
  };
}
