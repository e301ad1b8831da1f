import { Field, Int, ObjectType } from 'type-graphql';
import {
  type CredentialKind,
  type CredentialStatus,
  credentialStatus,
  type ExpirySource,
  rotationDueAt,
} from '../../domain/credential.ts';
import { REFUSALS } from '../../domain/probe-outcome.ts';
import type { RegistryView } from '../../domain/registry-view.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { CredentialKindEnum, CredentialStatusEnum, ExpirySourceEnum } from './registry-enums.ts';
import { RegistryHealthObject } from './registry-health.ts';

@ObjectType('StagedCredential', { simpleResolvers: true })
export class StagedCredentialObject {
  @Field(() => Int)
  readonly version!: number;

  @Field(() => DateTime)
  readonly stagedAt!: string;

  @Field(() => String)
  readonly stagedBy!: string;

  @Field(() => DateTime, { nullable: true })
  readonly expiresAt!: string | null;

  @Field(() => RegistryHealthObject, { nullable: true })
  readonly health!: RegistryHealthObject | null;
}

@ObjectType('Credential', {
  simpleResolvers: true,
  description: 'Everything about the secret but the secret. No field of this API returns a stored password.',
})
export class CredentialObject {
  @Field(() => Int)
  readonly version!: number;

  @Field(() => CredentialKindEnum)
  readonly kind!: CredentialKind;

  @Field(() => CredentialStatusEnum)
  readonly status!: CredentialStatus;

  @Field(() => DateTime, { nullable: true })
  readonly expiresAt!: string | null;

  @Field(() => ExpirySourceEnum, { nullable: true })
  readonly expirySource!: ExpirySource | null;

  @Field(() => Int, { nullable: true })
  readonly rotateEveryDays!: number | null;

  @Field(() => DateTime, { nullable: true })
  readonly rotationDueAt!: string | null;

  @Field(() => DateTime)
  readonly rotatedAt!: string;

  @Field(() => String)
  readonly rotatedBy!: string;

  @Field(() => [String], {
    description: "Advice about the secret's shape, such as a fine-grained token on ghcr.io.",
  })
  readonly warnings!: readonly string[];

  @Field(() => StagedCredentialObject, { nullable: true, description: 'A version that is staged and not yet active.' })
  readonly staged!: StagedCredentialObject | null;
}

export function toGraphqlCredential({ credential: view, health }: RegistryView, now: number): CredentialObject {
  const failing = health !== null && REFUSALS.includes(health.outcome) && health.credentialVersion === view.version;
  return {
    version: view.version,
    kind: view.kind,
    status: credentialStatus({ present: view.present, expiresAt: view.expiresAt, failing }, now),
    expiresAt: view.expiresAt,
    expirySource: view.expirySource,
    rotateEveryDays: view.rotateEveryDays,
    rotationDueAt: rotationDueAt(view),
    rotatedAt: view.rotatedAt,
    rotatedBy: view.rotatedBy,
    warnings: view.warnings,
    staged: null,
  };
}
