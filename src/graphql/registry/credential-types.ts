import { Field, Int, ObjectType } from 'type-graphql';
import { credentialStatus, rotationDueAt } from '../../domain/credential.ts';
import { REFUSALS } from '../../domain/probe-outcome.ts';
import type { RegistryView } from '../../domain/registry-view.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { CredentialKind, CredentialStatus, ExpirySource } from './registry-enums.ts';
import { RegistryHealth } from './registry-health.ts';

@ObjectType({ simpleResolvers: true })
export class StagedCredential {
  @Field(() => Int)
  readonly version!: number;

  @Field(() => DateTime)
  readonly stagedAt!: string;

  @Field(() => String)
  readonly stagedBy!: string;

  @Field(() => DateTime, { nullable: true })
  readonly expiresAt!: string | null;

  @Field(() => RegistryHealth, { nullable: true })
  readonly health!: RegistryHealth | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Everything about the secret but the secret. No field of this API returns a stored password.',
})
export class Credential {
  @Field(() => Int)
  readonly version!: number;

  @Field(() => CredentialKind)
  readonly kind!: keyof typeof CredentialKind;

  @Field(() => CredentialStatus)
  readonly status!: keyof typeof CredentialStatus;

  @Field(() => DateTime, { nullable: true })
  readonly expiresAt!: string | null;

  @Field(() => ExpirySource, { nullable: true })
  readonly expirySource!: keyof typeof ExpirySource | null;

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

  @Field(() => StagedCredential, { nullable: true, description: 'A version that is staged and not yet active.' })
  readonly staged!: StagedCredential | null;
}

export function presentCredential({ credential: view, health }: RegistryView, now: number): Credential {
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
