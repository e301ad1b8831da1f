import { Arg, Ctx, Directive, Field, ID, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import { payload } from '../registry/registry-payload.ts';
import { RegistryObject } from '../registry/registry-types.ts';

@ObjectType('RevokeLeasesPayload', { simpleResolvers: true, description: 'Which leases were ended.' })
export class RevokeLeasesPayloadObject {
  @Field(() => Int, { description: 'How many leases this request ended.' })
  readonly revoked!: number;

  @Field(() => RegistryObject, { description: 'The registry afterwards.' })
  readonly registry!: RegistryObject;
}

@Resolver()
export class RevokeLeasesResolver {
  @Mutation(() => RevokeLeasesPayloadObject, {
    description:
      'Ends every active lease of a registry in the books, so that it can be deleted. What was handed out stays valid at the registry until it is rotated there. A run that asks again gets a new lease.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async revokeLeases(
    @Ctx() context: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('registryId', () => ID, { description: 'The registry, by its `id`.' }) registryId: string,
  ): Promise<RevokeLeasesPayloadObject> {
    const { services, request } = context;
    const { revoked, registry } = await services.application.revokeLeases(request, projectId, registryId);
    return { revoked, registry: payload(context, registry).registry };
  }
}
