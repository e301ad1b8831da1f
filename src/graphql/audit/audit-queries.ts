import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, Directive, FieldResolver, Info, Int, Query, Resolver, Root } from 'type-graphql';
import { After, First } from '../paging/page-arguments.ts';
import { TOTAL_COUNT_IS_EXACT, totalCountOf } from '../paging/total-count.ts';
import { askedParts } from '../pipeline/asked-parts.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import { auditFilter } from './audit-filter.ts';
import { auditPage } from './audit-page.ts';
import { AuditConnectionObject, AuditEdgeObject, AuditFilter } from './audit-types.ts';

const DEFAULT_PAGE_SIZE = 50;

@Resolver(() => AuditConnectionObject)
export class AuditLogResolver {
  @Query(() => AuditConnectionObject, {
    description:
      'The audit log of a project, newest first: by sequence, with `from` or `to` by time. It ends where the operator archived older entries.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:audit:read")')
  async auditLog(
    @Ctx() { services }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('filter', () => AuditFilter, { nullable: true, description: 'Omit it to list all entries.' }) filterInput:
      | AuditFilter
      | null
      | undefined,
    @First(DEFAULT_PAGE_SIZE) first: number | null | undefined,
    @After() after: string | null | undefined,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AuditConnectionObject> {
    const filter = auditFilter(filterInput);
    return auditPage(services, projectId, {
      filter,
      first,
      after,
      defaultSize: DEFAULT_PAGE_SIZE,
      parts: askedParts(info),
    });
  }

  @FieldResolver(() => [AuditEdgeObject], { description: 'The entries of this page with their cursors.' })
  edges(@Root() { nodes }: AuditConnectionObject): AuditEdgeObject[] {
    return nodes.map((node) => ({ node, cursor: node.cursor }));
  }

  @FieldResolver(() => Int, {
    description: `${totalCountOf('entries')} Without a filter it is always exact.`,
  })
  async totalCount(@Root() connection: AuditConnectionObject): Promise<number> {
    return (await connection.count()).count;
  }

  @FieldResolver(() => Boolean, { description: TOTAL_COUNT_IS_EXACT })
  async totalCountIsExact(@Root() connection: AuditConnectionObject): Promise<boolean> {
    return (await connection.count()).isExact;
  }
}
