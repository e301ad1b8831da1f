import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { LeasePurpose } from '../../domain/credential.ts';
import { MAX_RULES } from '../../domain/trust/decide-rules.ts';
import { RULE_LIMITS } from '../../domain/trust/entered-rule.ts';
import { LeasePurposeEnum } from '../lease/lease-types.ts';
import { MaxBytes, MaxItems } from '../pipeline/answer-size.ts';
import { DateTime } from '../pipeline/date-time.ts';

/** Most rules have a few short entries in their lists. */
const USUAL = 10;
const MAX_REASON_BYTES = 1_000;

@ObjectType('ClaimMatch', {
  simpleResolvers: true,
  description: 'A condition on one claim of a token. Exactly one of `equals` and `startsWith` is not null.',
})
export class ClaimMatchObject {
  @Field(() => String, {
    description: 'The name of the claim, or its path as a JSON Pointer, such as `/kubernetes.io/namespace`.',
  })
  readonly claim!: string;

  @MaxItems(USUAL)
  @Field(() => [String], { nullable: true, description: 'The claim is one of these texts, in full.' })
  readonly equals!: readonly string[] | null;

  @Field(() => String, { nullable: true, description: 'The claim begins with this text, which ends at a separator.' })
  readonly startsWith!: string | null;
}

@ObjectType('TrustRule', {
  simpleResolvers: true,
  description:
    'Callers whose identity token meets all matches may do what `permissions` says, within the limits below. Only issuers that the operator set up for rules can be named.',
})
export class TrustRuleObject {
  @Field(() => ID, { description: 'For `updateTrustRule` and `deleteTrustRule`.' })
  readonly id!: string;

  @Field(() => ID, { description: 'The project that the rule grants permissions in.' })
  readonly projectId!: string;

  @Field(() => String, { description: 'The name that leases and the audit log show.' })
  readonly name!: string;

  @Field(() => String, { description: 'Compared exactly with the `iss` of the token.' })
  readonly issuer!: string;

  @MaxItems(USUAL)
  @Field(() => [ClaimMatchObject], { description: 'The token must meet all of them.' })
  readonly matches!: readonly ClaimMatchObject[];

  @MaxItems(2)
  @Field(() => [String], { description: 'What the rule grants, such as `iam:project:cicd:registry:use`.' })
  readonly permissions!: readonly string[];

  @MaxItems(2)
  @Field(() => [LeasePurposeEnum], {
    description: 'PULL alone keeps a pipeline from being handed a password that it could push with.',
  })
  readonly purposes!: readonly LeasePurpose[];

  @MaxItems(USUAL)
  @Field(() => [ID], { description: 'Empty: all registries of the project.' })
  readonly registryIds!: readonly string[];

  @MaxItems(USUAL)
  @Field(() => [String], { description: 'Prefixes of repositories, whole path components. Empty: all.' })
  readonly repositories!: readonly string[];

  @Field(() => String, {
    description:
      'Which claim names the pipeline in leases and audit entries; what the caller says of itself does not count. A token without it does not meet the rule.',
  })
  readonly pipelineClaim!: string;

  @Field(() => String, { nullable: true, description: 'The same for the run; null: each ask has a lease.' })
  readonly runIdClaim!: string | null;

  @Field(() => Boolean, {
    description: 'Whether a password is issued although it can do more at the registry than the rule grants.',
  })
  readonly allowPassword!: boolean;

  @MaxItems(4)
  @Field(() => [String], { description: 'Who else meets the rule as it is now, in sentences.' })
  readonly warnings!: readonly string[];

  @Field(() => DateTime, { nullable: true, description: 'When a lease last began under the rule; null if none did.' })
  readonly lastUsedAt!: string | null;

  @Field(() => Int, {
    description: 'Pass it as `expectedRevision` so that no other change of the rule is overwritten.',
  })
  readonly revision!: number;

  @Field(() => DateTime, { description: 'When it was created.' })
  readonly createdAt!: string;

  @Field(() => String, { description: 'Who created it, as in the audit log.' })
  readonly createdBy!: string;

  @Field(() => DateTime, { description: 'When it last changed.' })
  readonly updatedAt!: string;

  @Field(() => String, { description: 'Who changed it last, as in the audit log.' })
  readonly updatedBy!: string;
}

@ObjectType('TrustRulePayload', { simpleResolvers: true, description: 'The rule, with what to think of.' })
export class TrustRulePayloadObject {
  @Field(() => TrustRuleObject, { description: 'The rule as it is now in force.' })
  readonly rule!: TrustRuleObject;

  @MaxBytes(MAX_REASON_BYTES)
  @MaxItems(USUAL)
  @Field(() => [String], { description: 'Who else meets the rule, in sentences: read them.' })
  readonly warnings!: readonly string[];
}

@ObjectType('TrustRuleRejection', { simpleResolvers: true, description: 'Why a rule would not be saved.' })
export class TrustRuleRejectionObject {
  @Field(() => String, { description: 'What saving it would be answered with: BAD_USER_INPUT, or FORBIDDEN.' })
  readonly code!: string;

  @Field(() => String, { description: 'The field of the input at fault, such as `matches[0].equals`.' })
  readonly field!: string;

  @MaxBytes(MAX_REASON_BYTES)
  @Field(() => String, { description: 'What is wrong, and what to do.' })
  readonly message!: string;
}

@ObjectType('TrustRuleReview', { simpleResolvers: true, description: 'What would become of a rule that is not saved.' })
export class TrustRuleReviewObject {
  @MaxItems(USUAL)
  @Field(() => [TrustRuleRejectionObject], {
    description:
      'All that is wrong with it, the first being what saving it would be answered with. Empty: it can be saved.',
  })
  readonly rejections!: readonly TrustRuleRejectionObject[];

  @MaxBytes(MAX_REASON_BYTES)
  @MaxItems(USUAL)
  @Field(() => [String], {
    description: 'Who else would meet it, in sentences; none before issuer, matches and purposes can be read.',
  })
  readonly warnings!: readonly string[];
}

@ObjectType('DeleteTrustRulePayload', { simpleResolvers: true, description: 'What was deleted.' })
export class DeleteTrustRulePayloadObject {
  @Field(() => ID, { description: 'The id of the rule, which grants nothing any more.' })
  readonly deletedId!: string;
}

@ObjectType('TrustRuleCheck', { simpleResolvers: true, description: 'What becomes of a token at one rule.' })
export class TrustRuleCheckObject {
  @Field(() => TrustRuleObject, { description: 'The rule.' })
  readonly rule!: TrustRuleObject;

  @Field(() => Boolean, { description: 'Whether the token meets it.' })
  readonly met!: boolean;

  @MaxBytes(MAX_REASON_BYTES)
  @Field(() => String, { description: 'Why, in a sentence.' })
  readonly reason!: string;
}

@ObjectType('TrustCheck', { simpleResolvers: true, description: 'What a token would be granted, and why.' })
export class TrustCheckObject {
  @Field(() => Boolean, { description: 'Whether the token is valid and meets a rule.' })
  readonly granted!: boolean;

  @MaxBytes(MAX_REASON_BYTES)
  @Field(() => String, { description: 'What becomes of the token as a whole, in a sentence.' })
  readonly reason!: string;

  @MaxItems(MAX_RULES)
  @Field(() => [TrustRuleCheckObject], { description: 'Each rule of the project, oldest first.' })
  readonly rules!: readonly TrustRuleCheckObject[];
}

@InputType({ description: 'A condition on one claim. Give exactly one of `equals` and `startsWith`.' })
export class ClaimMatchInput {
  @Field(() => String, {
    description:
      'The exact name of the claim. One that begins with `/` is the path of a claim within others, as a JSON Pointer, such as `/kubernetes.io/namespace`.',
  })
  readonly claim!: string;

  @Field(() => [String], {
    nullable: true,
    description: `1 to ${RULE_LIMITS.equals} texts. The claim must be one of them, in full; numbers and booleans are compared as JSON writes them.`,
  })
  readonly equals?: readonly string[] | null;

  @Field(() => String, {
    nullable: true,
    description: `At least ${RULE_LIMITS.startsWith} characters, which end at a separator of the claim, such as \`/\`.`,
  })
  readonly startsWith?: string | null;
}

@InputType({
  description:
    'A new trust rule. It needs at least one match by `equals` of an identifier that nobody else can ever have. BAD_USER_INPUT names the invalid field.',
})
export class TrustRuleInput {
  @Field(() => String, { description: `At most ${RULE_LIMITS.name} characters; leases and the audit log show it.` })
  readonly name!: string;

  @Field(() => String, { description: 'The `iss` of the tokens, one that the operator set up for rules.' })
  readonly issuer!: string;

  @Field(() => [ClaimMatchInput], { description: `1 to ${RULE_LIMITS.matches} conditions, which must all be met.` })
  readonly matches!: readonly ClaimMatchInput[];

  @Field(() => [String], {
    description:
      '`iam:project:cicd:registry:use`, `iam:project:cicd:registry:read` or both: what your own token grants.',
  })
  readonly permissions!: readonly string[];

  @Field(() => [LeasePurposeEnum], {
    nullable: true,
    defaultValue: ['PULL'],
    description:
      'What credentials may be issued for. With PUSH, the matches must exclude jobs for proposed changes. Defaults to PULL.',
  })
  readonly purposes?: readonly LeasePurpose[] | null;

  @Field(() => [ID], {
    nullable: true,
    defaultValue: [],
    description: `At most ${RULE_LIMITS.registryIds} registries of the project. Empty: all. Not together with \`registry:read\`.`,
  })
  readonly registryIds?: readonly string[] | null;

  @Field(() => [String], {
    nullable: true,
    defaultValue: [],
    description: `At most ${RULE_LIMITS.repositories} beginnings of repositories by whole path components: \`team\` is for \`team/app\` and not for \`team2\`. Empty: all. Not together with \`registry:read\`.`,
  })
  readonly repositories?: readonly string[] | null;

  @Field(() => String, { description: 'The claim that names the pipeline. A token without it does not meet the rule.' })
  readonly pipelineClaim!: string;

  @Field(() => String, { nullable: true, description: 'The claim that names its run, whose asks share a lease.' })
  readonly runIdClaim?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'Issue a password although it can do more at the registry than the rule grants: push, or use other repositories. Otherwise such an ask gets a registry token, or is refused if none can be made.',
  })
  readonly allowPassword?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: '1 to 255 visible characters of your choice. A repeated request with the same key gets the same rule.',
  })
  readonly idempotencyKey?: string | null;
}

/** All that a rule says, or a part of it. */
@InputType()
export abstract class RuleChangesInput {
  @Field(() => String, { nullable: true, description: 'As in `TrustRuleInput`.' })
  readonly name?: string | null;

  @Field(() => String, { nullable: true, description: 'As in `TrustRuleInput`.' })
  readonly issuer?: string | null;

  @Field(() => [ClaimMatchInput], { nullable: true, description: 'All conditions, in place of those before.' })
  readonly matches?: readonly ClaimMatchInput[] | null;

  @Field(() => [String], { nullable: true, description: 'As in `TrustRuleInput`.' })
  readonly permissions?: readonly string[] | null;

  @Field(() => [LeasePurposeEnum], { nullable: true, description: 'As in `TrustRuleInput`.' })
  readonly purposes?: readonly LeasePurpose[] | null;

  @Field(() => [ID], { nullable: true, description: 'As in `TrustRuleInput`.' })
  readonly registryIds?: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: 'As in `TrustRuleInput`.' })
  readonly repositories?: readonly string[] | null;

  @Field(() => String, { nullable: true, description: 'As in `TrustRuleInput`.' })
  readonly pipelineClaim?: string | null;

  @Field(() => String, { nullable: true, description: 'As in `TrustRuleInput`; null for none.' })
  readonly runIdClaim?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'As in `TrustRuleInput`.' })
  readonly allowPassword?: boolean | null;
}

@InputType({
  description:
    'A trust rule before it is saved, as a change of a rule or as a new one. What is left out stays, or of a new rule is empty or its default.',
})
export class ReviewTrustRuleInput extends RuleChangesInput {}

@InputType({ description: 'What is to change of a trust rule. What is left out stays as it is.' })
export class UpdateTrustRuleInput extends RuleChangesInput {
  @Field(() => Int, {
    nullable: true,
    description: 'The `revision` of the rule that was read. REVISION_CONFLICT if the rule changed since.',
  })
  readonly expectedRevision?: number | null;

  @Field(() => String, {
    nullable: true,
    description: '1 to 255 visible characters of your choice. A repeated request with the same key changes nothing.',
  })
  readonly idempotencyKey?: string | null;
}
