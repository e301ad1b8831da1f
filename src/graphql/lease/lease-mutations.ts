import { Arg, Ctx, Directive, Field, ID, InputType, Int, Mutation, Resolver } from 'type-graphql';
import type { IssueCredentialCommand } from '../../application/lease/issue-credential.ts';
import type { CredentialForm, LeasePurpose } from '../../domain/credential.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import { IssuedCredentialObject, IssuedCredentialsObject } from './issued-credential.ts';
import { CredentialFormEnum, LeaseObject, LeasePurposeEnum } from './lease-types.ts';

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
    description:
      'The name of the pipeline, of at most 255 characters; leases, usage and the audit log show it. If a trust rule lets the caller in, its token names pipeline and run instead.',
  })
  readonly pipeline!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The run of the pipeline, as its CI system names it. Its asks share a lease while it lasts.',
  })
  readonly runId?: string | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 3600,
    description: 'How long the pipeline expects to need it: 60 to 86400.',
  })
  readonly ttlSeconds?: number | null;

  @Field(() => CredentialFormEnum, {
    nullable: true,
    defaultValue: 'PASSWORD',
    description:
      'REGISTRY_TOKEN: a bearer token of the registry for this one repository and purpose, in place of the password. CREDENTIAL_UNAVAILABLE if the registry makes none that says so itself. Defaults to PASSWORD.',
  })
  readonly form?: CredentialForm | null;

  @Field(() => String, {
    nullable: true,
    description:
      '1 to 255 visible characters of your choice. A repeated request with the same key gets the same lease; the repetition is recorded too.',
  })
  readonly idempotencyKey?: string | null;
}

@InputType({ description: 'Which lease the registry refused: by `leaseId`, or by what it was asked for with.' })
export class ReportAuthenticationFailureInput {
  @Field(() => ID, { nullable: true, description: 'The lease, by its `id`.' })
  readonly leaseId?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'In place of `leaseId`: the image, or the registry URL in any spelling, that the lease was asked for with.',
  })
  readonly image?: string | null;

  @Field(() => String, { nullable: true, description: 'With `image`: the pipeline that asked.' })
  readonly pipeline?: string | null;

  @Field(() => String, { nullable: true, description: 'With `image`: the run that asked, if it named itself.' })
  readonly runId?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'What the client said, at most 500 characters; the audit log shows it. Not stored if it holds the password, or if that cannot be ruled out.',
  })
  readonly message?: string | null;
}

@Resolver()
export class LeaseMutationResolver {
  @Mutation(() => IssuedCredentialObject, {
    description: 'Issues a credential to a pipeline. The event that records this is durable before the secret leaves.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:use")')
  issueCredential(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('input', () => IssueCredentialInput, { description: 'Which credential, for which pipeline.' })
    input: IssueCredentialInput,
  ): Promise<IssuedCredentialObject> {
    return services.application.issueCredential(request, projectId, commandOf(input));
  }

  @Mutation(() => IssuedCredentialsObject, {
    description: 'Issues a credential for each of 1 to 20 images, or none, and one file for all registries.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:use")')
  issueCredentials(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('input', () => [IssueCredentialInput], { description: '1 to 20 images, with the pipeline that needs them.' })
    input: readonly IssueCredentialInput[],
  ): Promise<IssuedCredentialsObject> {
    return services.application.issueCredentials(request, projectId, input.map(commandOf));
  }

  @Mutation(() => LeaseObject, {
    description:
      "Records that the pipeline no longer needs its credential. The password stays valid at the registry. Another caller's lease is NOT_FOUND.",
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:use")')
  releaseLease(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('leaseId', () => ID, { description: 'The lease, by its `id`.' }) leaseId: string,
  ): Promise<LeaseObject> {
    return services.application.releaseLease(request, projectId, leaseId);
  }

  @Mutation(() => LeaseObject, {
    description:
      "Reports that the registry refused a credential that the caller was issued. Recorded once for each caller, registry and credential version in ten minutes; after the answer a login by this service confirms it, at most one for each registry in ten minutes that reaches it, before people are told; a report that finds no turn waits for it. Another caller's lease is NOT_FOUND.",
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:use")')
  reportAuthenticationFailure(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('input', () => ReportAuthenticationFailureInput, { description: 'Which lease, and what was said.' })
    { leaseId, image, pipeline, runId, message }: ReportAuthenticationFailureInput,
  ): Promise<LeaseObject> {
    const command = { leaseId, image, pipeline, runId, message };
    return services.application.reportAuthenticationFailure(request, projectId, command);
  }
}

function commandOf({
  image,
  purpose,
  pipeline,
  runId,
  ttlSeconds,
  form,
  idempotencyKey,
}: IssueCredentialInput): IssueCredentialCommand {
  return {
    image,
    purpose: purpose ?? 'PULL',
    pipeline,
    runId,
    ttlSeconds: ttlSeconds ?? 3600,
    form: form ?? 'PASSWORD',
    idempotencyKey,
  };
}
