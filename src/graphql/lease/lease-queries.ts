import { Arg, Ctx, Directive, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { LeaseCursor } from '../../application/ports/read-models.ts';
import type { CursorScope } from '../paging/cursors.ts';
import { After, First } from '../paging/page-arguments.ts';
import { pageSize } from '../paging/page-size.ts';
import { once, TOTAL_COUNT_IS_EXACT, totalCountOf } from '../paging/total-count.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import {
  LeaseConnectionObject,
  LeaseEdgeObject,
  LeaseFilter,
  leaseCursor,
  leaseFilter,
  leasePosition,
  leaseSelection,
} from './lease-connection.ts';

const DEFAULT_PAGE_SIZE = 20;

@Resolver(() => LeaseConnectionObject)
export class LeaseListResolver {
  @Query(() => LeaseConnectionObject, { description: 'The leases of a project, newest first.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async leases(
    @Ctx() { services: { queries, cursors } }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('filter', () => LeaseFilter, { nullable: true, description: 'Omit it to list all active leases.' })
    filterInput: LeaseFilter | null | undefined,
    @First(DEFAULT_PAGE_SIZE) first: number | null | undefined,
    @After() after: string | null | undefined,
  ): Promise<LeaseConnectionObject> {
    const size = pageSize(first, DEFAULT_PAGE_SIZE);
    const filter = leaseFilter(filterInput);
    if (filter === null) return EMPTY;
    const scope: CursorScope = { of: 'leases', projectId, selection: leaseSelection(filter) };
    const { items, hasNextPage, end } = await queries.leases.list(projectId, {
      filter,
      first: size,
      after: typeof after === 'string' ? leaseCursor(cursors.decode(scope, after)) : undefined,
    });
    const cursorOf = (place: LeaseCursor) => cursors.encode(scope, leasePosition(place));
    return {
      nodes: items.map(({ node }) => node),
      pageInfo: { hasNextPage, endCursor: end ? cursorOf(end) : null },
      cursorOf,
      count: once(() => queries.leases.count(projectId, filter)),
    };
  }

  @FieldResolver(() => [LeaseEdgeObject], { description: 'The leases of this page with their cursors.' })
  edges(@Root() { nodes, cursorOf }: LeaseConnectionObject): LeaseEdgeObject[] {
    return nodes.map((node) => ({ node, cursor: cursorOf(node) }));
  }

  @FieldResolver(() => Int, { description: totalCountOf('leases') })
  async totalCount(@Root() connection: LeaseConnectionObject): Promise<number> {
    return (await connection.count()).count;
  }

  @FieldResolver(() => Boolean, { description: TOTAL_COUNT_IS_EXACT })
  async totalCountIsExact(@Root() connection: LeaseConnectionObject): Promise<boolean> {
    return (await connection.count()).isExact;
  }
}

const EMPTY: LeaseConnectionObject = {
  nodes: [],
  pageInfo: { hasNextPage: false, endCursor: null },
  cursorOf: () => '',
  count: async () => ({ count: 0, isExact: true }),
};
