import { Arg, Ctx, Directive, ID, Int, Query, Resolver } from 'type-graphql';
import { type CursorScope, decodeSequence } from '../paging/cursors.ts';
import { pageSize } from '../paging/page-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { AuditConnection, AuditFilter, auditFilter, auditSelection } from './audit-types.ts';

const DEFAULT_PAGE_SIZE = 50;

@Resolver()
export class AuditResolver {
  @Query(() => AuditConnection, { description: 'Newest first.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:audit:read")')
  async auditLog(
    @Ctx() { services: { queries, cursors } }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('filter', () => AuditFilter, { nullable: true }) filterInput: AuditFilter | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: DEFAULT_PAGE_SIZE }) first: number | null | undefined,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
  ): Promise<AuditConnection> {
    const filter = auditFilter(filterInput);
    const scope: CursorScope = { of: 'audit', projectId, selection: auditSelection(filter) };
    const { entries, hasNextPage } = await queries.audit.list(projectId, {
      filter,
      first: pageSize(first, DEFAULT_PAGE_SIZE),
      before: decodeSequence(cursors, scope, after),
    });
    const nodes = entries.map((entry) => ({
      ...entry,
      makeCursor: () => cursors.encode(scope, String(entry.sequence)),
    }));
    return {
      nodes,
      pageInfo: { hasNextPage, endCursor: nodes.at(-1)?.makeCursor() ?? null },
      count: () => queries.audit.count(projectId, filter),
    };
  }
}
