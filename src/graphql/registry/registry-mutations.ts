import { Arg, Ctx, Directive, Field, ID, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { RegistryView } from '../../domain/registry-view.ts';
import type { GraphqlContext, Services } from '../pipeline/context.ts';
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
import { presentRegistry, Registry } from './registry-types.ts';

@ObjectType({ simpleResolvers: true })
export class RegistryPayload {
  @Field(() => Registry)
  readonly registry!: Registry;
}

@ObjectType({ simpleResolvers: true })
export class DeleteRegistryPayload {
  @Field(() => ID)
  readonly deletedId!: string;

  @Field(() => String)
  readonly url!: string;
}

@Resolver()
export class RegistryMutationResolver {
  @Mutation(() => RegistryPayload)
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async createRegistry(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('input', () => CreateRegistryInput) input: CreateRegistryInput,
  ): Promise<RegistryPayload> {
    return payload(
      services,
      await services.application.createRegistry(request, projectId, createRegistryCommand(input)),
    );
  }

  @Mutation(() => RegistryPayload)
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async updateRegistry(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('id', () => ID) id: string,
    @Arg('input', () => UpdateRegistryInput) input: UpdateRegistryInput,
  ): Promise<RegistryPayload> {
    return payload(
      services,
      await services.application.updateRegistry(request, projectId, id, updateRegistryCommand(input)),
    );
  }

  @Mutation(() => RegistryPayload, { description: 'The old password is replaced and destroyed at once.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async rotateCredential(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('id', () => ID) id: string,
    @Arg('input', () => RotateCredentialInput) input: RotateCredentialInput,
  ): Promise<RegistryPayload> {
    return payload(
      services,
      await services.application.rotateCredential(request, projectId, id, rotateCredentialCommand(input)),
    );
  }

  @Mutation(() => DeleteRegistryPayload)
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:delete")')
  deleteRegistry(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('id', () => ID) id: string,
    @Arg('input', () => DeleteRegistryInput, { nullable: true }) input: DeleteRegistryInput | null | undefined,
  ): Promise<DeleteRegistryPayload> {
    return services.application.deleteRegistry(request, projectId, id, deleteRegistryCommand(input));
  }
}

function payload({ queries, now }: Services, view: RegistryView): RegistryPayload {
  return { registry: presentRegistry(queries, view, now()) };
}
