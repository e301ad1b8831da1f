import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, Directive, FieldResolver, Info, Int, Query, Resolver, Root } from 'type-graphql';
import { type CursorScope, changeScope } from '../paging/cursors.ts';
import { After, First } from '../paging/page-arguments.ts';
import { pageSize } from '../paging/page-size.ts';
import { once, TOTAL_COUNT_IS_EXACT, totalCountOf } from '../paging/total-count.ts';
import { isAskedFor } from '../pipeline/asked-fields.ts';
import { askedParts } from '../pipeline/asked-parts.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import {
  positionOf,
  RegistryConnectionObject,
  RegistryEdgeObject,
  RegistryFilter,
  RegistryOrder,
  registryCursor,
  registryFilter,
  registryOrder,
  registrySelection,
} from './registry-connection.ts';
import { toGraphqlRegistries } from './registry-types.ts';

const DEFAULT_PAGE_SIZE = 20;

@Resolver(() => RegistryConnectionObject)
export class RegistryListResolver {
  @Query(() => RegistryConnectionObject, { description: 'The registries of a project.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async registries(
    @Ctx() { services }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('filter', () => RegistryFilter, { nullable: true, description: 'Omit it to list all registries.' })
    filterInput: RegistryFilter | null | undefined,
    @Arg('orderBy', () => RegistryOrder, { nullable: true, description: 'Omit it to sort by name.' }) orderInput:
      | RegistryOrder
      | null
      | undefined,
    @First(DEFAULT_PAGE_SIZE) first: number | null | undefined,
    @After() after: string | null | undefined,
    @Info() info: GraphQLResolveInfo,
  ): Promise<RegistryConnectionObject> {
    const { queries, cursors, now } = services;
    const filter = registryFilter(filterInput);
    const order = registryOrder(orderInput);
    const scope: CursorScope = { of: 'registries', projectId, selection: registrySelection(filter, order) };
    const page = await queries.registries.list(projectId, {
      filter,
      order,
      first: pageSize(first, DEFAULT_PAGE_SIZE),
      after: typeof after === 'string' ? registryCursor(cursors.decode(scope, after)) : undefined,
      withLatestChange: isAskedFor(info, 'latestCursor'),
      parts: askedParts(info),
    });
    const cursorAt = (index: number): string => {
      const item = page.items[index];
      if (item === undefined) throw new RangeError('this page has no such item');
      return cursors.encode(scope, positionOf(item.cursor));
    };
    return {
      nodes: toGraphqlRegistries(
        queries,
        page.items.map(({ node }) => node),
        now(),
      ),
      pageInfo: {
        hasNextPage: page.hasNextPage,
        endCursor: page.end === undefined ? null : cursors.encode(scope, positionOf(page.end)),
      },
      latest: () => cursors.encode(changeScope(projectId), String(page.latestChange)),
      cursorAt,
      count: once(() => queries.registries.count(projectId, filter)),
    };
  }

  @FieldResolver(() => [RegistryEdgeObject], { description: 'The registries of this page with their cursors.' })
  edges(@Root() { nodes, cursorAt }: RegistryConnectionObject): RegistryEdgeObject[] {
    return nodes.map((node, index) => ({ node, cursor: cursorAt(index) }));
  }

  @FieldResolver(() => String, {
    description:
      'Subscribe to `registryChanges` with it as `after` to get every change that this page does not show; for an empty page, the beginning. Of several pages, take that of the first.',
  })
  latestCursor(@Root() connection: RegistryConnectionObject): string {
    return connection.latest();
  }

  @FieldResolver(() => Int, { description: totalCountOf('registries') })
  async totalCount(@Root() connection: RegistryConnectionObject): Promise<number> {
    return (await connection.count()).count;
  }

  @FieldResolver(() => Boolean, { description: TOTAL_COUNT_IS_EXACT })
  async totalCountIsExact(@Root() connection: RegistryConnectionObject): Promise<boolean> {
    return (await connection.count()).isExact;
  }
}
