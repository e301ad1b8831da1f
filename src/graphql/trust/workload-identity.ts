import { Field, ID, ObjectType } from 'type-graphql';
import { RULE_LIMITS } from '../../domain/trust/entered-rule.ts';
import { MaxItems } from '../pipeline/answer-size.ts';

@ObjectType('IdentityClaim', { simpleResolvers: true, description: 'A claim of an identity token.' })
export class IdentityClaimObject {
  @Field(() => String, { description: 'The name of the claim, such as `repository`, or its path.' })
  readonly name!: string;

  @Field(() => String, { description: 'Its value, as text.' })
  readonly value!: string;
}

@ObjectType('WorkloadIdentity', {
  simpleResolvers: true,
  description: 'The identity of the caller, from the token of its CI system: the claims that the trust rule checked.',
})
export class WorkloadIdentityObject {
  @Field(() => ID, { description: 'The trust rule that let the caller in.' })
  readonly ruleId!: string;

  @Field(() => String, { description: 'The name of the rule at that time.' })
  readonly ruleName!: string;

  @MaxItems(RULE_LIMITS.matches / 2)
  @Field(() => [IdentityClaimObject], { description: 'Sorted by name.' })
  readonly claims!: readonly IdentityClaimObject[];
}
