import { Arg, Ctx, Directive, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { parseUuid } from '../../domain/identity.ts';
import { MadeOf } from '../pipeline/asked-parts.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { ProjectId, RegistryId } from '../pipeline/id-arguments.ts';
import { RegistryObject, toGraphqlRegistry } from './registry-types.ts';
import { RegistryUsageObject } from './registry-usage.ts';

@Resolver(() => RegistryObject)
export class RegistryResolver {
  @Query(() => RegistryObject, {
    nullable: true,
    description: 'A registry by its id. Null if the project has no such registry.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async registry(
    @Ctx() { services: { queries, now } }: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() entered: string,
  ): Promise<RegistryObject | null> {
    const id = parseUuid(entered);
    const view = id === undefined ? undefined : await queries.registries.byId(projectId, id);
    return view === undefined ? null : toGraphqlRegistry(queries, view, now());
  }

  @Query(() => RegistryObject, {
    nullable: true,
    description: 'A registry by its URL, in any spelling. Null if the project has no such registry.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async registryByUrl(
    @Ctx() { services: { application, queries, now } }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('url', () => String, { description: 'Such as `https://registry.example.com/`.' }) url: string,
  ): Promise<RegistryObject | null> {
    const view = await application.registryByUrl(projectId, url);
    return view === undefined ? null : toGraphqlRegistry(queries, view, now());
  }

  @Query(() => RegistryObject, {
    nullable: true,
    description:
      'A registry as it stood at a moment, folded from its events. Null if it did not exist then: before it was created, or after it was deleted. `credential.status` is the one of that moment. `health` is null, because tests are kept apart from the registry; `usage` and `history` answer as of now.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async registryAsOf(
    @Ctx() { services: { application, queries } }: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() id: string,
    @Arg('at', () => DateTime, { description: 'The moment. What happened in the same millisecond is included.' })
    at: string,
  ): Promise<RegistryObject | null> {
    const view = await application.registryAsOf(projectId, id, at);
    return view === undefined ? null : toGraphqlRegistry(queries, view, Date.parse(at));
  }

  @MadeOf()
  @FieldResolver(() => RegistryUsageObject, { description: 'Who uses it, as of now.' })
  usage(@Root() registry: RegistryObject): Promise<RegistryUsageObject> {
    return registry.loadUsage();
  }
}
