import { Arg, Ctx, Directive, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { WarnedTrustRule } from '../../application/trust/create-trust-rule.ts';
import { Secret } from '../../domain/secret.ts';
import { MAX_RULES } from '../../domain/trust/decide-rules.ts';
import { type EnteredRule, RULE_DEFAULTS } from '../../domain/trust/entered-rule.ts';
import { warningsOf } from '../../domain/trust/risks.ts';
import type { TrustRule } from '../../domain/trust/trust-rule.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import {
  DeleteTrustRulePayloadObject,
  ReviewTrustRuleInput,
  type RuleChangesInput,
  TrustCheckObject,
  TrustRuleInput,
  TrustRuleObject,
  TrustRulePayloadObject,
  TrustRuleReviewObject,
  UpdateTrustRuleInput,
} from './trust-types.ts';

/** The argument `id` of a field about one rule. */
function RuleId(): ReturnType<typeof Arg> {
  return Arg('id', () => ID, { description: 'The rule, by its `id`.' });
}

@Resolver()
export class TrustResolver {
  @MaxItems(MAX_RULES)
  @Query(() => [TrustRuleObject], {
    description: 'The trust rules of a project, oldest first, as they are in force on every replica.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:trust:read")')
  async trustRules(
    @Ctx() { services: { application, queries } }: GraphqlContext,
    @ProjectId() projectId: string,
  ): Promise<TrustRuleObject[]> {
    const [rules, lastUses] = await Promise.all([
      application.trustRules(projectId),
      queries.trustRuleUses.lastUses(projectId),
    ]);
    return rules.map((rule) => shown(rule, lastUses));
  }

  @Query(() => TrustRuleReviewObject, {
    description:
      'What `createTrustRule`, or with an `id` `updateTrustRule`, would say of this input. Nothing is saved. NOT_FOUND if there is no such rule.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:trust:write")')
  async reviewTrustRule(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('id', () => ID, { nullable: true, description: 'The rule that would change. Omit it for a new rule.' })
    id: string | null | undefined,
    @Arg('input', () => ReviewTrustRuleInput, { description: 'What would be saved.' }) input: ReviewTrustRuleInput,
  ): Promise<TrustRuleReviewObject> {
    const review = await services.application.reviewTrustRule(request, projectId, id, changesOf(input));
    const rejections = review.rejections.map(({ field, error: { code, message } }) => ({ code, field, message }));
    return { rejections, warnings: review.warnings };
  }

  @Mutation(() => TrustRulePayloadObject, {
    description: `Lets callers with matching identity tokens in, at once and on every replica. A rule grants nothing that your own token does not. A project has at most ${MAX_RULES}.`,
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:trust:write")')
  async createTrustRule(
    @Ctx() context: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('input', () => TrustRuleInput, { description: 'Whom it lets in, and to do what.' }) input: TrustRuleInput,
  ): Promise<TrustRulePayloadObject> {
    const { application } = context.services;
    const created = await application.createTrustRule(context.request, projectId, {
      ...RULE_DEFAULTS,
      ...withoutNull(input),
      idempotencyKey: input.idempotencyKey,
    });
    return payload(context, projectId, created);
  }

  @Mutation(() => TrustRulePayloadObject, {
    description:
      'Changes a rule, at once and on every replica. Your own token must grant all that the rule grants afterwards.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:trust:write")')
  async updateTrustRule(
    @Ctx() context: GraphqlContext,
    @ProjectId() projectId: string,
    @RuleId() id: string,
    @Arg('input', () => UpdateTrustRuleInput, { description: 'What is to change.' }) input: UpdateTrustRuleInput,
  ): Promise<TrustRulePayloadObject> {
    const { application } = context.services;
    const { expectedRevision, idempotencyKey, ...changes } = input;
    const updated = await application.updateTrustRule(context.request, projectId, id, {
      changes: changesOf(changes),
      expectedRevision,
      idempotencyKey,
    });
    return payload(context, projectId, updated);
  }

  @Mutation(() => DeleteTrustRulePayloadObject, {
    description:
      'Ends a rule: from then on it lets nobody in, on every replica. Credentials that were issued under it stay valid at their registries until they are rotated there.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:trust:write")')
  deleteTrustRule(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @RuleId() id: string,
    @Arg('expectedRevision', () => Int, {
      nullable: true,
      description: 'The `revision` of the rule that was read. REVISION_CONFLICT if the rule changed since.',
    })
    expectedRevision: number | null | undefined,
  ): Promise<DeleteTrustRulePayloadObject> {
    return services.application.deleteTrustRule(request, projectId, id, expectedRevision);
  }

  @Mutation(() => TrustCheckObject, {
    description:
      'What a token would be granted in this project and why, rule by rule. The audit log keeps that it was asked, and nothing keeps the token.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:trust:read")')
  async checkTrust(
    @Ctx() { services: { application, queries }, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('token', () => String, { description: 'The identity token, without `Bearer`.' }) token: string,
  ): Promise<TrustCheckObject> {
    const { granted, reason, rules } = await application.checkTrust(request, projectId, new Secret(token));
    const lastUses = await queries.trustRuleUses.lastUses(projectId);
    return { granted, reason, rules: rules.map((one) => ({ ...one, rule: shown(one.rule, lastUses) })) };
  }
}

async function payload(
  { services: { queries } }: GraphqlContext,
  projectId: string,
  { rule, warnings }: WarnedTrustRule,
): Promise<TrustRulePayloadObject> {
  return { rule: shown(rule, await queries.trustRuleUses.lastUses(projectId)), warnings };
}

function shown(rule: TrustRule, lastUses: ReadonlyMap<string, string>): TrustRuleObject {
  return { ...rule, warnings: warningsOf(rule), lastUsedAt: lastUses.get(rule.id) ?? null };
}

function changesOf({ runIdClaim, ...others }: RuleChangesInput): Partial<EnteredRule> {
  return { ...withoutNull(others), ...(runIdClaim === undefined ? {} : { runIdClaim }) };
}

/** Only `runIdClaim` can be cleared: null stands for what is left out of all others. */
function withoutNull<Input extends object>(input: Input): { [Key in keyof Input]?: NonNullable<Input[Key]> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value != null)) as {
    [Key in keyof Input]?: NonNullable<Input[Key]>;
  };
}
