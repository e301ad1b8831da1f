import { Arg, Ctx, Directive, Mutation, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId, RegistryId } from '../pipeline/id-arguments.ts';
import { RegistryHealthObject, toGraphqlHealth } from './registry-health.ts';
import { TestCredentialsInput, testCredentialsCommand } from './registry-inputs.ts';

@Resolver()
export class RegistryTestResolver {
  @Mutation(() => RegistryHealthObject, {
    description:
      'Tests the stored credential against the registry. With a repository it also tests whether the credential may pull and push there.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async testRegistry(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() id: string,
    @Arg('repository', () => String, {
      nullable: true,
      description: 'Such as `team/app`, without the host. Omit it to test only the login.',
    })
    repository: string | null | undefined,
  ): Promise<RegistryHealthObject> {
    const { health, url, provider } = await services.application.testRegistry(request, projectId, id, repository);
    return toGraphqlHealth(health, url, provider);
  }

  @Mutation(() => RegistryHealthObject, {
    description: 'Like `testRegistry`, but for a credential that is not stored.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async testCredentials(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('input', () => TestCredentialsInput, { description: 'The credential, and where to test it.' })
    input: TestCredentialsInput,
  ): Promise<RegistryHealthObject> {
    const tested = await services.application.testCredentials(request, projectId, testCredentialsCommand(input));
    return toGraphqlHealth(tested.health, tested.url, tested.provider, tested);
  }
}
