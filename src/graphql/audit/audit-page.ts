import type { AuditCursor, AuditFilter } from '../../application/ports/read-models.ts';
import type { CursorScope } from '../paging/cursors.ts';
import { pageSize } from '../paging/page-size.ts';
import { once } from '../paging/total-count.ts';
import type { Services } from '../pipeline/context.ts';
import { auditSelection } from './audit-filter.ts';
import type { AuditConnectionObject } from './audit-types.ts';

export interface AuditPage {
  readonly filter: AuditFilter;
  readonly first: number | null | undefined;
  readonly after: string | null | undefined;
  readonly defaultSize: number;
  readonly parts: readonly string[];
}

/** @throws PurserError BAD_USER_INPUT on `first` or `after` */
export async function auditPage(
  { queries, cursors }: Pick<Services, 'queries' | 'cursors'>,
  projectId: string,
  { filter, first, after, defaultSize, parts }: AuditPage,
): Promise<AuditConnectionObject> {
  const scope: CursorScope = { of: 'audit', projectId, selection: auditSelection(filter) };
  const { items, hasNextPage, end } = await queries.audit.list(projectId, {
    filter,
    first: pageSize(first, defaultSize),
    after: typeof after === 'string' ? auditCursor(cursors.decode(scope, after)) : undefined,
    parts,
  });
  const cursorOf = (place: AuditCursor) => cursors.encode(scope, auditPosition(place));
  return {
    nodes: items.map(({ node, cursor }) => ({ ...node, cursor: cursorOf(cursor) })),
    pageInfo: { hasNextPage, endCursor: end ? cursorOf(end) : null },
    count: once(() => queries.audit.count(projectId, filter)),
  };
}

/** The two have no space in them. */
function auditPosition({ sequence, occurredAt }: AuditCursor): string {
  return `${sequence} ${occurredAt}`;
}

/** Reads what `auditPosition` wrote: the cursor's MAC was right. */
function auditCursor(position: string): AuditCursor {
  const [sequence = '', occurredAt = ''] = position.split(' ');
  return { sequence: Number(sequence), occurredAt };
}
