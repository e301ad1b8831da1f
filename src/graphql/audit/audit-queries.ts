import { Arg, Ctx, Directive, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { type CursorScope, decodeSequence } from '../paging/cursors.ts';
import { After, First } from '../paging/page-arguments.ts';
import { pageSize } from '../paging/page-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import { AuditConnectionObject, AuditEdgeObject, AuditFilter, auditFilter, auditSelection } from './audit-types.ts';

const DEFAULT_PAGE_SIZE = 50;

@Resolver(() => AuditConnectionObject)
export class AuditLogResolver {
  @Query(() => AuditConnectionObject, { description: 'The audit log of a project, newest first.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:audit:read")')
  async auditLog(
    @Ctx() { services: { queries, cursors } }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('filter', () => AuditFilter, { nullable: true, description: 'Omit it to list all entries.' }) filterInput:
      | AuditFilter
      | null
      | undefined,
    @First(DEFAULT_PAGE_SIZE) first: number | null | undefined,
    @After() after: string | null | undefined,
  ): Promise<AuditConnectionObject> {
    const filter = auditFilter(filterInput);
    const scope: CursorScope = { of: 'audit', projectId, selection: auditSelection(filter) };
    const { entries, hasNextPage } = await queries.audit.list(projectId, {
      filter,
      first: pageSize(first, DEFAULT_PAGE_SIZE),
      before: decodeSequence(cursors, scope, after),
    });
    const nodes = entries.map((entry) => ({ ...entry, cursor: cursors.encode(scope, String(entry.sequence)) }));
    return {
      nodes,
      pageInfo: { hasNextPage, endCursor: nodes.at(-1)?.cursor ?? null },
      count: () => queries.audit.count(projectId, filter),
    };
  }

  @FieldResolver(() => [AuditEdgeObject], { description: 'The entries of this page with their cursors.' })
  edges(@Root() { nodes }: AuditConnectionObject): AuditEdgeObject[] {
    return nodes.map((node) => ({ node, cursor: node.cursor }));
  }

  @FieldResolver(() => Int, { description: 'The number of entries on all pages.' })
  totalCount(@Root() connection: AuditConnectionObject): Promise<number> {
    return connection.count();
  }
}
