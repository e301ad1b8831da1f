import {
  Arg,
  Ctx,
  Directive,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Resolver,
  Root,
} from 'type-graphql';
import type { Secret } from '../../domain/secret.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { ExpirySource } from '../registry/registry-enums.ts';
import { Lease, LeasePurpose } from './lease-types.ts';

@InputType()
export class IssueCredentialInput {
  @Field(() => String, { description: 'An image reference, or a registry URL in any spelling.' })
  readonly image!: string;

  @Field(() => LeasePurpose, { nullable: true, defaultValue: 'PULL' })
  readonly purpose?: keyof typeof LeasePurpose | null;

  @Field(() => String)
  readonly pipeline!: string;

  @Field(() => String, { nullable: true })
  readonly runId?: string | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 3600,
    description: 'How long the pipeline expects to need it: 60 to 86400.',
  })
  readonly ttlSeconds?: number | null;

  @Field(() => String, { nullable: true })
  readonly idempotencyKey?: string | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'The only type that carries a secret, and only in the answer to `issueCredential`.',
})
export class IssuedCredential {
  @Field(() => Lease)
  readonly lease!: Lease;

  @Field(() => String, {
    description: 'The key under which clients look the registry up: `https://index.docker.io/v1/` for Docker Hub.',
  })
  readonly serverAddress!: string;

  @Field(() => String)
  readonly username!: string;

  readonly password!: Secret;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the password itself stops working, where that is known.',
  })
  readonly expiresAt!: string | null;

  @Field(() => ExpirySource, {
    nullable: true,
    description: 'How that is known: MINTED where the password was minted for pipelines, else as at `Credential`.',
  })
  readonly expirySource!: keyof typeof ExpirySource | null;

  readonly dockerConfigJson!: Secret;
}

@Resolver(() => IssuedCredential)
export class IssuedCredentialFields {
  @FieldResolver(() => String)
  password(@Root() issued: IssuedCredential): string {
    return issued.password.reveal();
  }

  @FieldResolver(() => String, { description: 'Ready to write to ~/.docker/config.json.' })
  dockerConfigJson(@Root() issued: IssuedCredential): string {
    return issued.dockerConfigJson.reveal();
  }
}

@Resolver()
export class LeaseMutationResolver {
  @Mutation(() => IssuedCredential, {
    description: 'Hands a credential to a pipeline. The event that records it is durable before the secret leaves.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:use")')
  issueCredential(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('input', () => IssueCredentialInput) input: IssueCredentialInput,
  ): Promise<IssuedCredential> {
    return services.application.issueCredential(request, projectId, {
      image: input.image,
      purpose: input.purpose ?? 'PULL',
      pipeline: input.pipeline,
      runId: input.runId,
      ttlSeconds: input.ttlSeconds ?? 3600,
      idempotencyKey: input.idempotencyKey,
    });
  }

  @Mutation(() => Lease)
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:use")')
  releaseLease(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('leaseId', () => ID) leaseId: string,
  ): Promise<Lease> {
    return services.application.releaseLease(request, projectId, leaseId);
  }
}
