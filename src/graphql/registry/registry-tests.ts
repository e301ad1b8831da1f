import { Arg, Ctx, Directive, ID, Mutation, Resolver } from 'type-graphql';
import type { TestedHealth } from '../../application/credential-tests.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { RegistryHealthObject, toGraphqlHealth } from './registry-health.ts';
import { TestCredentialsInput, testCredentialsCommand } from './registry-inputs.ts';

@Resolver()
export class RegistryTestResolver {
  @Mutation(() => RegistryHealthObject, {
    description:
      'Tests the stored credential against the registry; with a repository also whether it may pull and push there.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async testRegistry(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('id', () => ID) id: string,
    @Arg('repository', () => String, {
      nullable: true,
      description: 'Such as `team/app`, without the host. Left out: only the login is tested.',
    })
    repository: string | null | undefined,
  ): Promise<RegistryHealthObject> {
    return toGraphqlFinding(await services.application.testRegistry(request, projectId, id, repository));
  }

  @Mutation(() => RegistryHealthObject, { description: 'As `testRegistry`, for a credential that is not stored.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async testCredentials(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('input', () => TestCredentialsInput) input: TestCredentialsInput,
  ): Promise<RegistryHealthObject> {
    return toGraphqlFinding(
      await services.application.testCredentials(request, projectId, testCredentialsCommand(input)),
    );
  }
}

function toGraphqlFinding({ health, url, provider }: TestedHealth): RegistryHealthObject {
  return toGraphqlHealth(health, url, provider);
}
