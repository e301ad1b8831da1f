import {
  Arg,
  Ctx,
  Directive,
  Field,
  FieldResolver,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Resolver,
  Root,
} from 'type-graphql';
import type { ActivateCredentialCommand } from '../../application/registry/activate-credential.ts';
import type { StageCredentialCommand } from '../../application/registry/stage-credential.ts';
import { GRACE_MINUTES } from '../../domain/rotation.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId, RegistryId } from '../pipeline/id-arguments.ts';
import { RetiringCredentialObject } from './credential-types.ts';
import { MintInput, mintConfig } from './mint-input.ts';
import { RegistryHealthObject, toGraphqlHealth } from './registry-health.ts';
import { EXPECTED_REVISION, enteredSecret, IDEMPOTENCY_KEY, NewCredentialInput } from './registry-inputs.ts';
import { payload, RegistryPayloadObject } from './registry-payload.ts';

/** The argument `version` of a field about the staged version that the caller saw. */
function StagedVersion(): ReturnType<typeof Arg> {
  return Arg('version', () => Int, { description: 'The staged version, as `credential.staged.version`.' });
}

@InputType({ description: 'The next version of a credential. It is stored at once, and used once it is activated.' })
export class StageCredentialInput extends NewCredentialInput {
  @Field(() => MintInput, {
    nullable: true,
    description: 'Omit it to keep the setting. Null: the password itself is issued from its activation on.',
  })
  readonly mint?: MintInput | null;
}

@InputType({ description: 'How to make the staged version of a credential the current one.' })
export class ActivateCredentialInput {
  @Field(() => Int, { description: 'The staged version, as `credential.staged.version`. NOT_FOUND if it is another.' })
  readonly version!: number;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: true,
    description:
      'Test the staged and the active version at the same moment. VERIFICATION_FAILED, with both results, if the staged one proves less.',
  })
  readonly verify?: boolean | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 0,
    description: `How long the leases of the version before keep it, in minutes: ${GRACE_MINUTES.min} to ${GRACE_MINUTES.max}. It is destroyed when the last of them ends, at the latest then. 0 destroys it at once.`,
  })
  readonly graceMinutes?: number | null;

  @Field(() => Int, { nullable: true, description: EXPECTED_REVISION })
  readonly expectedRevision?: number | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  readonly idempotencyKey?: string | null;
}

@ObjectType('StagedCredentialTest', {
  simpleResolvers: true,
  description: 'What the staged and the active version of a credential prove at the same moment and place.',
})
export class StagedCredentialTestObject {
  @Field(() => Boolean, {
    description: 'Whether `activateCredential` with `verify` would activate the staged version, as things stood.',
  })
  readonly provesEnough!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Why it would be VERIFICATION_FAILED, in a sentence; null if the staged version proves enough.',
  })
  readonly reason!: string | null;

  @Field(() => RegistryHealthObject, { description: 'What was found of the staged version.' })
  readonly staged!: RegistryHealthObject;

  @Field(() => RegistryHealthObject, {
    nullable: true,
    description: 'What was found of the active version; null if its password is missing, so that it proves nothing.',
  })
  readonly active!: RegistryHealthObject | null;
}

@Resolver(() => RetiringCredentialObject)
export class StagedRotationResolver {
  @Mutation(() => RegistryPayloadObject, {
    description:
      'Stores the next version of a credential beside the current one. It replaces a version that is staged already.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async stageCredential(
    @Ctx() context: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() id: string,
    @Arg('input', () => StageCredentialInput, { description: 'The next version.' }) input: StageCredentialInput,
  ): Promise<RegistryPayloadObject> {
    const { services, request } = context;
    return payload(context, await services.application.stageCredential(request, projectId, id, staging(input)));
  }

  @Mutation(() => StagedCredentialTestObject, {
    description:
      'Tests the staged version and the active one as `activateCredential` would, and activates nothing. Both results are kept as the health of their version. It counts as one test.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async testStagedCredential(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() id: string,
    @StagedVersion() version: number,
  ): Promise<StagedCredentialTestObject> {
    const found = await services.application.testStagedCredential(request, projectId, id, version);
    const { reason, staged, active, url, provider } = found;
    return {
      provesEnough: reason === null,
      reason,
      staged: toGraphqlHealth(staged, url, provider),
      active: active && toGraphqlHealth(active, url, provider),
    };
  }

  @Mutation(() => RegistryPayloadObject, {
    description: 'Makes the staged version of a credential the current one. NOT_FOUND if none is staged.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async activateCredential(
    @Ctx() context: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() id: string,
    @Arg('input', () => ActivateCredentialInput, { description: 'Which version, and how.' })
    input: ActivateCredentialInput,
  ): Promise<RegistryPayloadObject> {
    const { services, request } = context;
    return payload(context, await services.application.activateCredential(request, projectId, id, activation(input)));
  }

  @Mutation(() => RegistryPayloadObject, {
    description: 'Destroys the staged version of a credential. NOT_FOUND if it is not staged.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  async abandonStagedCredential(
    @Ctx() context: GraphqlContext,
    @ProjectId() projectId: string,
    @RegistryId() id: string,
    @StagedVersion() version: number,
    @Arg('idempotencyKey', () => String, { nullable: true, description: IDEMPOTENCY_KEY })
    idempotencyKey: string | null | undefined,
  ): Promise<RegistryPayloadObject> {
    const { services, request } = context;
    const command = { version, idempotencyKey };
    return payload(context, await services.application.abandonStagedCredential(request, projectId, id, command));
  }

  @FieldResolver(() => Int, { description: 'How many leases keep this version, as of now.' })
  activeLeases(@Root() retiring: RetiringCredentialObject): Promise<number> {
    return retiring.countLeases();
  }
}

function staging(input: StageCredentialInput): StageCredentialCommand {
  const { username, expiresAt, expectedRevision, idempotencyKey } = input;
  const password = enteredSecret(input.password);
  return { password, username, mint: mintConfig(input.mint), expiresAt, expectedRevision, idempotencyKey };
}

function activation(input: ActivateCredentialInput): ActivateCredentialCommand {
  const { version, expectedRevision, idempotencyKey } = input;
  return {
    version,
    verify: input.verify ?? true,
    graceMinutes: input.graceMinutes ?? 0,
    expectedRevision,
    idempotencyKey,
  };
}
