import { Arg, Ctx, Directive, ID, Mutation, Resolver } from 'type-graphql';
import type { TestedHealth } from '../../application/test-registry.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { presentHealth, RegistryHealth } from './registry-health.ts';
import { TestCredentialsInput, testCredentialsCommand } from './registry-inputs.ts';

@Resolver()
export class RegistryTestResolver {
  @Mutation(() => RegistryHealth, {
    description:
      'Tests the stored credential against the registry; with a repository also whether it may pull and push there.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async testRegistry(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('id', () => ID) id: string,
    @Arg('repository', () => String, { nullable: true }) repository: string | null | undefined,
  ): Promise<RegistryHealth> {
    return present(await services.application.testRegistry(request, projectId, id, repository));
  }

  @Mutation(() => RegistryHealth, { description: 'The same before anything is stored.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async testCredentials(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('input', () => TestCredentialsInput) input: TestCredentialsInput,
  ): Promise<RegistryHealth> {
    return present(await services.application.testCredentials(request, projectId, testCredentialsCommand(input)));
  }
}

function present({ health, url, provider }: TestedHealth): RegistryHealth {
  return presentHealth(health, url, provider);
}
