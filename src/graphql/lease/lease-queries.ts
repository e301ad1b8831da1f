import { Arg, Ctx, Directive, ID, Query, Resolver } from 'type-graphql';
import { parseUuid } from '../../domain/identity.ts';
import { First } from '../paging/page-arguments.ts';
import { pageSize } from '../paging/page-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import { LeaseObject } from './lease-types.ts';

const DEFAULT_PAGE_SIZE = 20;

@Resolver()
export class LeaseQueryResolver {
  @Query(() => [LeaseObject], { description: 'The leases of a project, newest first.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async leases(
    @Ctx() { services: { queries } }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('registryId', () => ID, { nullable: true, description: 'Only leases of this registry.' }) entered:
      | string
      | null
      | undefined,
    @Arg('activeOnly', () => Boolean, {
      nullable: true,
      defaultValue: true,
      description: 'Only leases that have neither ended nor been released.',
    })
    activeOnly: boolean | null | undefined,
    @First(DEFAULT_PAGE_SIZE) first: number | null | undefined,
  ): Promise<LeaseObject[]> {
    const registryId = typeof entered === 'string' ? parseUuid(entered) : undefined;
    if (typeof entered === 'string' && registryId === undefined) return [];
    return queries.leases.list(projectId, {
      registryId,
      activeOnly: activeOnly ?? true,
      first: pageSize(first, DEFAULT_PAGE_SIZE),
    });
  }
}
