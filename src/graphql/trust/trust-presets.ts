import { Directive, Field, ObjectType, Query, Resolver } from 'type-graphql';
import type { LeasePurpose } from '../../domain/credential.ts';
import { TRUST_RULE_PRESETS } from '../../domain/trust/presets.ts';
import { LeasePurposeEnum } from '../lease/lease-types.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import { ClaimMatchObject } from './trust-types.ts';

@ObjectType('TrustRulePreset', {
  simpleResolvers: true,
  description: 'A trust rule to start from, for one CI system. Words in capitals are to be replaced.',
})
export class TrustRulePresetObject {
  @Field(() => String, { description: 'The name of the CI system.' })
  readonly name!: string;

  @Field(() => String, { description: 'Its issuer, or what that looks like.' })
  readonly issuer!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Where the issuer publishes its keys, for the `jwksUri` of the operator; null if that differs.',
  })
  readonly jwksUri!: string | null;

  @MaxItems(10)
  @Field(() => [String], { description: 'The claims that rules compare most.' })
  readonly claims!: readonly string[];

  @MaxItems(3)
  @Field(() => [ClaimMatchObject], { description: 'The matches to start from.' })
  readonly matches!: readonly ClaimMatchObject[];

  @MaxItems(2)
  @Field(() => [LeasePurposeEnum], { description: 'The purposes that these matches are safe for.' })
  readonly purposes!: readonly LeasePurpose[];

  @Field(() => String, { description: 'The claim that names the pipeline.' })
  readonly pipelineClaim!: string;

  @Field(() => String, { nullable: true, description: 'The claim that names the run.' })
  readonly runIdClaim!: string | null;

  @Field(() => String, { description: 'What to think of, as text for people.' })
  readonly advice!: string;

  @Field(() => String, { description: "The URL of the system's page about its tokens." })
  readonly documentation!: string;
}

@Resolver()
export class TrustRulePresetResolver {
  @MaxItems(20)
  @Query(() => [TrustRulePresetObject], {
    description: 'Common CI systems, with their issuers, their claims and a trust rule to start from.',
  })
  @Directive('@authenticated')
  trustRulePresets(): TrustRulePresetObject[] {
    return [...TRUST_RULE_PRESETS];
  }
}
