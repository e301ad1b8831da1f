import { Field, Int, ObjectType } from 'type-graphql';
import { diagnose } from '../../domain/diagnosis.ts';
import type { ProbeOutcome, Verdict } from '../../domain/probe-outcome.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import type { HealthView } from '../../domain/registry-view.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';

export const VerdictEnum = enumType<Verdict>('Verdict', 'The result of testing one thing.', {
  PROVED: 'It was tried and works.',
  DENIED: 'It was tried and refused.',
  UNKNOWN: 'It was not tried, or the answer was inconclusive.',
});
export const ProbeOutcomeEnum = enumType<ProbeOutcome>(
  'ProbeOutcome',
  'What a test of a credential against its registry found.',
  {
    OK: 'The login works, and everything that was tested is allowed.',
    AUTHENTICATION_FAILED: 'The registry refused the user name and password.',
    INSUFFICIENT_PERMISSION: 'The login works, but the credential may not do what was tested.',
    EXPIRED: 'The credential has expired.',
    REPOSITORY_NOT_FOUND: 'The login works, but the repository does not exist or is hidden from this credential.',
    NOT_A_REGISTRY: 'The server at this URL is not a container registry.',
    UNREACHABLE: 'No server answers at this URL.',
    TLS_INVALID: 'No secure connection could be made, for example because the certificate authority is unknown.',
    TARGET_NOT_ALLOWED: 'This service is not allowed to connect to that address.',
    REALM_NOT_TRUSTED: 'The registry sends logins to a host that is not trusted with its credential.',
    RATE_LIMITED: 'The registry wants you to try again later.',
    CLOCK_SKEWED:
      "This service's clock is wrong, so its signatures are refused. That says nothing about the credential.",
    UNEXPECTED_ANSWER: 'The answer does not follow the protocol of registries.',
  },
);

@ObjectType('RegistryHealth', {
  simpleResolvers: true,
  description: 'What a test of a credential against its registry found.',
})
export class RegistryHealthObject {
  @Field(() => DateTime, { description: 'When the test ended.' })
  readonly testedAt!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'The version that was tested; null for a credential that is not stored.',
  })
  readonly credentialVersion!: number | null;

  @Field(() => ProbeOutcomeEnum, { description: 'What the test found.' })
  readonly outcome!: ProbeOutcome;

  @Field(() => String, {
    nullable: true,
    description: 'What went wrong and what to do about it, in a sentence or two.',
  })
  readonly advice!: string | null;

  @Field(() => VerdictEnum, { description: 'Whether the registry accepts the user name and password.' })
  readonly login!: Verdict;

  @Field(() => VerdictEnum, { description: 'Whether the credential may pull from the repository that was tested.' })
  readonly pull!: Verdict;

  @Field(() => VerdictEnum, { description: 'Whether the credential may push to the repository that was tested.' })
  readonly push!: Verdict;

  @Field(() => String, { nullable: true, description: 'TOKEN_SCOPE, UPLOAD_PROBE or BASIC.' })
  readonly method!: string | null;

  @Field(() => String, { nullable: true, description: 'The repository that was tested; null if none was named.' })
  readonly repository!: string | null;

  @Field(() => Int, { description: 'How long the test took, in milliseconds.' })
  readonly durationMs!: number;

  @Field(() => DateTime, {
    nullable: true,
    description:
      '`testCredentials`: when the credential expires, as its own text or the registry tells. Null if neither does, and for a stored credential, which has its own `expiresAt`.',
  })
  readonly expiresAt!: string | null;

  @MaxItems(4)
  @Field(() => [String], {
    description:
      "`testCredentials`: advice about the secret's shape, as a stored credential has it in `warnings`. Empty for a stored one.",
  })
  readonly warnings!: readonly string[];
}

/** What only a test of a credential that is not stored tells. */
export type LearntOfSecret = Pick<RegistryHealthObject, 'expiresAt' | 'warnings'>;
const NOTHING_LEARNT: LearntOfSecret = { expiresAt: null, warnings: [] };

/** Advice is derived and not stored, so that better advice reaches old findings as well. */
export function toGraphqlHealth(
  health: HealthView,
  url: string,
  provider: RegistryProvider,
  { expiresAt, warnings } = NOTHING_LEARNT,
): RegistryHealthObject {
  const { testedAt, credentialVersion, outcome, detail, facts, login, pull, push, method, repository, durationMs } =
    health;
  const advice = diagnose({ provider, url, outcome, detail, facts });
  return {
    testedAt,
    credentialVersion,
    outcome,
    advice,
    login,
    pull,
    push,
    method,
    repository,
    durationMs,
    expiresAt,
    warnings,
  };
}
