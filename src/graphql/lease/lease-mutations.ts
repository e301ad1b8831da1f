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
import type { ExpirySource, LeasePurpose } from '../../domain/credential.ts';
import type { Secret } from '../../domain/secret.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { ExpirySourceEnum } from '../registry/registry-enums.ts';
import { LeaseObject, LeasePurposeEnum } from './lease-types.ts';

@InputType({ description: 'Which credential a pipeline needs, and what for.' })
export class IssueCredentialInput {
  @Field(() => String, { description: 'An image reference, or a registry URL in any spelling.' })
  readonly image!: string;

  @Field(() => LeasePurposeEnum, {
    nullable: true,
    defaultValue: 'PULL',
    description: 'What the pipeline will do with it. Defaults to PULL.',
  })
  readonly purpose?: LeasePurpose | null;

  @Field(() => String, {
    description: 'The name of the pipeline, of at most 255 characters; leases, usage and the audit log show it.',
  })
  readonly pipeline!: string;

  @Field(() => String, { nullable: true, description: 'The run of the pipeline, as its CI system names it.' })
  readonly runId?: string | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 3600,
    description: 'How long the pipeline expects to need it: 60 to 86400.',
  })
  readonly ttlSeconds?: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      '1 to 255 visible characters of your choice. A repeated request with the same key gets the same lease; the repetition is recorded too.',
  })
  readonly idempotencyKey?: string | null;
}

@ObjectType('IssuedCredential', {
  simpleResolvers: true,
  description: 'The only type that contains a secret. Only `issueCredential` returns it.',
})
export class IssuedCredentialObject {
  @Field(() => LeaseObject)
  readonly lease!: LeaseObject;

  @Field(() => String, {
    description:
      'The key under which clients look up the image as it was written: `https://index.docker.io/v1/` for `alpine`, `reg.example.com:443` for `reg.example.com:443/a/b`.',
  })
  readonly serverAddress!: string;

  @Field(() => String, { description: 'The user name to log in with.' })
  readonly username!: string;

  readonly password!: Secret;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the password itself stops working; null if unknown.',
  })
  readonly expiresAt!: string | null;

  @Field(() => ExpirySourceEnum, {
    nullable: true,
    description:
      'Where `expiresAt` comes from: MINTED if the password was minted for pipelines, otherwise as in `Credential`.',
  })
  readonly expirySource!: ExpirySource | null;

  @Field(() => String, {
    nullable: true,
    description: 'PEM, if the registry is behind a private certificate authority: clients must trust it too.',
  })
  readonly caCertificate!: string | null;

  readonly dockerConfigJson!: Secret;
}

@Resolver(() => IssuedCredentialObject)
export class LeaseMutationResolver {
  @Mutation(() => IssuedCredentialObject, {
    description: 'Issues a credential to a pipeline. The event that records this is durable before the secret leaves.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:use")')
  issueCredential(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('input', () => IssueCredentialInput) input: IssueCredentialInput,
  ): Promise<IssuedCredentialObject> {
    return services.application.issueCredential(request, projectId, {
      image: input.image,
      purpose: input.purpose ?? 'PULL',
      pipeline: input.pipeline,
      runId: input.runId,
      ttlSeconds: input.ttlSeconds ?? 3600,
      idempotencyKey: input.idempotencyKey,
    });
  }

  @Mutation(() => LeaseObject, {
    description: 'Records that the pipeline no longer needs its credential. The password stays valid at the registry.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:use")')
  releaseLease(
    @Ctx() { services, request }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('leaseId', () => ID) leaseId: string,
  ): Promise<LeaseObject> {
    return services.application.releaseLease(request, projectId, leaseId);
  }

  @FieldResolver(() => String, { description: 'The password or token to log in with.' })
  password(@Root() issued: IssuedCredentialObject): string {
    return issued.password.reveal();
  }

  @FieldResolver(() => String, {
    description: 'Ready to write to ~/.docker/config.json. A user name of `<token>` becomes `identitytoken`.',
  })
  dockerConfigJson(@Root() issued: IssuedCredentialObject): string {
    return issued.dockerConfigJson.reveal();
  }
}
