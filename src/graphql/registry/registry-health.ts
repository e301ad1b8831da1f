import { Field, Int, ObjectType } from 'type-graphql';
import { diagnose } from '../../domain/diagnosis.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import type { HealthView } from '../../domain/registry-view.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';

export const Verdict = enumType('Verdict', ['PROVED', 'DENIED', 'UNKNOWN']);
export const ProbeOutcome = enumType('ProbeOutcome', [
  'OK',
  'AUTHENTICATION_FAILED',
  'INSUFFICIENT_PERMISSION',
  'EXPIRED',
  'REPOSITORY_NOT_FOUND',
  'NOT_A_REGISTRY',
  'UNREACHABLE',
  'TLS_INVALID',
  'TARGET_NOT_ALLOWED',
  'REALM_NOT_TRUSTED',
  'RATE_LIMITED',
  'UNEXPECTED_ANSWER',
]);

@ObjectType({ simpleResolvers: true })
export class RegistryHealth {
  @Field(() => DateTime)
  readonly testedAt!: string;

  @Field(() => Int, { nullable: true })
  readonly credentialVersion!: number | null;

  @Field(() => ProbeOutcome)
  readonly outcome!: keyof typeof ProbeOutcome;

  @Field(() => String, {
    nullable: true,
    description: 'What went wrong and what to do about it, in a sentence or two.',
  })
  readonly advice!: string | null;

  @Field(() => Verdict)
  readonly login!: keyof typeof Verdict;

  @Field(() => Verdict)
  readonly pull!: keyof typeof Verdict;

  @Field(() => Verdict)
  readonly push!: keyof typeof Verdict;

  @Field(() => String, { nullable: true, description: 'TOKEN_SCOPE, UPLOAD_PROBE or BASIC.' })
  readonly method!: string | null;

  @Field(() => String, { nullable: true })
  readonly repository!: string | null;

  @Field(() => Int)
  readonly durationMs!: number;
}

/** The advice follows from what was found: it is not stored, so that better advice reaches old findings as well. */
export function presentHealth(health: HealthView, url: string, provider: RegistryProvider): RegistryHealth {
  const { testedAt, credentialVersion, outcome, detail, login, pull, push, method, repository, durationMs } = health;
  const advice = diagnose({ provider, url, outcome, detail });
  return { testedAt, credentialVersion, outcome, advice, login, pull, push, method, repository, durationMs };
}
