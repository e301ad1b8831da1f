import { Field, Int, ObjectType } from 'type-graphql';
import {
  type CredentialKind,
  type CredentialStatus,
  credentialStatus,
  type ExpirySource,
  rotationDueAt,
} from '../../domain/credential.ts';
import { expiringFrom } from '../../domain/expiry-thresholds.ts';
import { REFUSALS } from '../../domain/probe-outcome.ts';
import type { RegistryPart, RegistryView } from '../../domain/registry-view.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import { MadeOf } from '../pipeline/asked-parts.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { CredentialKindEnum, CredentialStatusEnum, ExpirySourceEnum } from './registry-enums.ts';
import { RegistryHealthObject, toGraphqlHealth } from './registry-health.ts';
import type { LoadUsage } from './registry-usage.ts';

@ObjectType('StagedCredential', {
  simpleResolvers: true,
  description: 'A credential version that is stored and not yet active.',
})
export class StagedCredentialObject {
  @Field(() => Int, { description: 'The number that `activateCredential` names it by.' })
  readonly version!: number;

  @Field(() => DateTime, { description: 'When this version was stored.' })
  readonly stagedAt!: string;

  @Field(() => String, { description: 'Who stored this version, as in the audit log.' })
  readonly stagedBy!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it expires; null if unknown.' })
  readonly expiresAt!: string | null;

  @Field(() => RegistryHealthObject, {
    nullable: true,
    description: 'What the last test of this version found; null until it was tested.',
  })
  readonly health!: RegistryHealthObject | null;
}

@ObjectType('RetiringCredential', {
  simpleResolvers: true,
  description:
    'The version before the current one, which its leases keep after an activation with a grace. It is destroyed when the last of them ends.',
})
export class RetiringCredentialObject {
  @Field(() => Int, { description: 'Its version number.' })
  readonly version!: number;

  @Field(() => DateTime, { description: 'When it is destroyed at the latest, even if leases keep it.' })
  readonly destroyedAt!: string;

  /** Serves the field `activeLeases`, see `StagedRotationResolver`. */
  readonly countLeases!: () => Promise<number>;
}

@ObjectType('Credential', {
  simpleResolvers: true,
  description: 'Everything about the secret except the secret itself. No field of this API returns a stored password.',
})
export class CredentialObject {
  @Field(() => Int, {
    description: 'Goes up with every new password. A number is never used again, even after the registry was deleted.',
  })
  readonly version!: number;

  @Field(() => CredentialKindEnum, { description: 'What the secret is, judged by its shape and the input.' })
  readonly kind!: CredentialKind;

  @MadeOf<RegistryPart>('present', 'expiresAt', 'rotatedAt', 'health', 'version')
  @Field(() => CredentialStatusEnum, { description: 'The state of this version at the time of the query.' })
  readonly status!: CredentialStatus;

  @Field(() => DateTime, { nullable: true, description: 'When the password expires; null if unknown.' })
  readonly expiresAt!: string | null;

  @Field(() => ExpirySourceEnum, {
    nullable: true,
    description: 'Where `expiresAt` comes from; null if `expiresAt` is unknown.',
  })
  readonly expirySource!: ExpirySource | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How often to rotate it, in days; null if not set.',
  })
  readonly rotateEveryDays!: number | null;

  @MadeOf<RegistryPart>('rotatedAt', 'rotateEveryDays')
  @Field(() => DateTime, {
    nullable: true,
    description: '`rotatedAt` plus `rotateEveryDays`; null without `rotateEveryDays`.',
  })
  readonly rotationDueAt!: string | null;

  @Field(() => DateTime, { description: 'When this version became the current one.' })
  readonly rotatedAt!: string;

  @Field(() => String, { description: 'Who made it the current one, as in the audit log.' })
  readonly rotatedBy!: string;

  @MaxItems(4)
  @Field(() => [String], {
    description: "Advice about the secret's shape, such as a fine-grained token on ghcr.io.",
  })
  readonly warnings!: readonly string[];

  @MadeOf<RegistryPart>('staged', 'url', 'provider')
  @Field(() => StagedCredentialObject, { nullable: true, description: 'A version that is staged and not yet active.' })
  readonly staged!: StagedCredentialObject | null;

  @Field(() => RetiringCredentialObject, {
    nullable: true,
    description: 'The version before, while leases keep it after an activation with a grace.',
  })
  readonly retiring!: RetiringCredentialObject | null;
}

export function toGraphqlCredential(
  { credential: view, health, url, provider }: RegistryView,
  loadUsage: LoadUsage,
  now: number,
): CredentialObject {
  const { staged, retiring } = view;
  const failing = health !== null && REFUSALS.includes(health.outcome) && health.credentialVersion === view.version;
  const { present, rotatedAt, expiresAt } = view;
  const startsToExpire = expiresAt === null ? null : expiringFrom({ rotatedAt, expiresAt });
  return {
    version: view.version,
    kind: view.kind,
    status: credentialStatus({ present, expiresAt, expiringFrom: startsToExpire, failing }, now),
    expiresAt: view.expiresAt,
    expirySource: view.expirySource,
    rotateEveryDays: view.rotateEveryDays,
    rotationDueAt: rotationDueAt(view),
    rotatedAt: view.rotatedAt,
    rotatedBy: view.rotatedBy,
    warnings: view.warnings,
    staged: staged && { ...staged, health: staged.health && toGraphqlHealth(staged.health, url, provider) },
    retiring: retiring && { ...retiring, countLeases: async () => (await loadUsage()).retiringLeases },
  };
}
