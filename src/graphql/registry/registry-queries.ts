import { Arg, Ctx, Directive, ID, Int, Query, Resolver } from 'type-graphql';
import { parseUuid } from '../../domain/identity.ts';
import type { CursorScope } from '../paging/cursors.ts';
import { pageSize } from '../paging/page-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import {
  positionOf,
  RegistryConnection,
  RegistryFilter,
  RegistryOrder,
  registryCursor,
  registryFilter,
  registryOrder,
  registrySelection,
} from './registry-connection.ts';
import { presentRegistries, presentRegistry, Registry } from './registry-types.ts';

const DEFAULT_PAGE_SIZE = 20;

@Resolver()
export class RegistryQueryResolver {
  @Query(() => RegistryConnection)
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async registries(
    @Ctx() { services }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('filter', () => RegistryFilter, { nullable: true }) filterInput: RegistryFilter | null | undefined,
    @Arg('orderBy', () => RegistryOrder, { nullable: true }) orderInput: RegistryOrder | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: DEFAULT_PAGE_SIZE }) first: number | null | undefined,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
  ): Promise<RegistryConnection> {
    const { queries, cursors, now } = services;
    const filter = registryFilter(filterInput);
    const order = registryOrder(orderInput);
    const scope: CursorScope = { of: 'registries', projectId, selection: registrySelection(filter, order) };
    const page = await queries.registries.list(projectId, {
      filter,
      order,
      first: pageSize(first, DEFAULT_PAGE_SIZE),
      after: typeof after === 'string' ? registryCursor(cursors.decode(scope, after)) : undefined,
    });
    const cursorAt = (index: number): string => {
      const item = page.items[index];
      if (item === undefined) throw new RangeError('there is no such item on this page');
      return cursors.encode(scope, positionOf(item.cursor));
    };
    return {
      nodes: presentRegistries(
        queries,
        page.items.map(({ node }) => node),
        now(),
      ),
      pageInfo: {
        hasNextPage: page.hasNextPage,
        endCursor: page.items.length === 0 ? null : cursorAt(page.items.length - 1),
      },
      cursorAt,
      count: () => queries.registries.count(projectId, filter),
    };
  }

  @Query(() => Registry, { nullable: true })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async registry(
    @Ctx() { services: { queries, now } }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('id', () => ID) entered: string,
  ): Promise<Registry | null> {
    const id = parseUuid(entered);
    const view = id === undefined ? undefined : await queries.registries.byId(projectId, id);
    return view === undefined ? null : presentRegistry(queries, view, now());
  }

  @Query(() => Registry, { nullable: true, description: 'Accepts any spelling of the URL.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async registryByUrl(
    @Ctx() { services: { application, queries, now } }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('url', () => String) url: string,
  ): Promise<Registry | null> {
    const view = await application.registryByUrl(projectId, url);
    return view === undefined ? null : presentRegistry(queries, view, now());
  }
}
