import { Arg, Ctx, Directive, Field, ID, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId, RegistryId } from '../pipeline/id-arguments.ts';
import {
  CreateRegistryInput,
  createRegistryCommand,
  DeleteRegistryInput,
  deleteRegistryCommand,
  RotateCredentialInput,
  rotateCredentialCommand,
  UpdateRegistryInput,
  updateRegistryCommand,
} from './registry-inputs.ts';
import { payload, RegistryPayloadObject } from './registry-payload.ts';

@ObjectType('DeleteRegistryPayload', { simpleResolvers: true, description: 'What was deleted.' })
export class DeleteRegistryPayloadObject {
  @Field(() => ID, { description: 'The id of the registry that was deleted.' })
  readonly deletedId!: string;

  @Field(() => String, { description: 'Its canonical URL.' })
  readonly url!: string;
}

@Resolver()
export class RegistryMutationResolver {
  @Mutation(() => RegistryPayloadObject, { description: 'Creates a registry with its credential.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async createRegistry(
    @Ctx() context: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('input', () => CreateRegistryInput, { description: 'The registry and its credential.' })
    input: CreateRegistryInput,
  ): Promise<RegistryPayloadObject> {
    const { services, request } = context;
    return payload(
      context,
      await services.application.createRegistry(request, projectId, createRegistryCommand(input)),
    );
  }

  @Mutation(() => RegistryPayloadObject, { description: 'Changes only the fields that the input contains.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async updateRegistry(
    @Ctx() context: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() id: string,
    @Arg('input', () => UpdateRegistryInput, { description: 'The fields to change.' }) input: UpdateRegistryInput,
  ): Promise<RegistryPayloadObject> {
    const { services, request } = context;
    return payload(
      context,
      await services.application.updateRegistry(request, projectId, id, updateRegistryCommand(input)),
    );
  }

  @Mutation(() => RegistryPayloadObject, {
    description:
      'Replaces the password by a new version and destroys the old one at once, with a staged and a retiring version.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async rotateCredential(
    @Ctx() context: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() id: string,
    @Arg('input', () => RotateCredentialInput, { description: 'The new credential.' }) input: RotateCredentialInput,
  ): Promise<RegistryPayloadObject> {
    const { services, request } = context;
    return payload(
      context,
      await services.application.rotateCredential(request, projectId, id, rotateCredentialCommand(input)),
    );
  }

  @Mutation(() => DeleteRegistryPayloadObject, {
    description: 'Deletes a registry and destroys its secret. REGISTRY_IN_USE if leases are active, unless forced.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:delete")')
  deleteRegistry(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() id: string,
    @Arg('input', () => DeleteRegistryInput, {
      nullable: true,
      description: 'Omit it to delete only a registry without active leases.',
    })
    input: DeleteRegistryInput | null | undefined,
  ): Promise<DeleteRegistryPayloadObject> {
    return services.application.deleteRegistry(request, projectId, id, deleteRegistryCommand(input));
  }
}
