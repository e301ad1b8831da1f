import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { AuditFilter as Filter } from '../../application/ports/read-models.ts';
import type { AuditOutcome } from '../../domain/audit-entry.ts';
import { PageInfoObject } from '../paging/page-info.ts';
import { searchText } from '../paging/search-text.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';

export const AuditOutcomeEnum = enumType<AuditOutcome>('AuditOutcome', 'How an attempt ended.', {
  SUCCEEDED: 'It was done.',
  DENIED: 'The caller did not have the permission.',
  FAILED: 'The caller had the permission, but it was not done: `code` says why.',
});

@ObjectType('AuditChange', { simpleResolvers: true })
export class AuditChangeObject {
  @Field(() => String)
  readonly field!: string;

  @Field(() => String, { nullable: true })
  readonly from!: string | null;

  @Field(() => String, { nullable: true })
  readonly to!: string | null;
}

@ObjectType('IdentityClaim', { simpleResolvers: true })
export class IdentityClaimObject {
  @Field(() => String)
  readonly name!: string;

  @Field(() => String)
  readonly value!: string;
}

@ObjectType('WorkloadIdentity', { simpleResolvers: true })
export class WorkloadIdentityObject {
  @Field(() => ID)
  readonly ruleId!: string;

  @Field(() => String)
  readonly ruleName!: string;

  @Field(() => [IdentityClaimObject], { description: 'Sorted by name.' })
  readonly claims!: readonly IdentityClaimObject[];
}

@ObjectType('AuditEntry', { simpleResolvers: true })
export class AuditEntryObject {
  @Field(() => String)
  readonly cursor!: string;

  @Field(() => Int, { description: "Position in the project's hash chain." })
  readonly sequence!: number;

  @Field(() => ID)
  readonly eventId!: string;

  @Field(() => DateTime)
  readonly occurredAt!: string;

  @Field(() => String, {
    description:
      'CREATE_REGISTRY, UPDATE_REGISTRY, ROTATE_CREDENTIAL, DELETE_REGISTRY, TEST_REGISTRY, ISSUE_CREDENTIAL, …',
  })
  readonly action!: string;

  @Field(() => AuditOutcomeEnum)
  readonly outcome!: AuditOutcome;

  @Field(() => String, { nullable: true, description: 'The error code of a denied or failed attempt.' })
  readonly code!: string | null;

  @Field(() => String)
  readonly actor!: string;

  @Field(() => String, { nullable: true })
  readonly issuer!: string | null;

  @Field(() => String, { nullable: true })
  readonly ipAddress!: string | null;

  @Field(() => String, { nullable: true })
  readonly userAgent!: string | null;

  @Field(() => ID, { nullable: true })
  readonly requestId!: string | null;

  @Field(() => ID, { nullable: true })
  readonly registryId!: string | null;

  @Field(() => String, { nullable: true })
  readonly url!: string | null;

  @Field(() => String, { nullable: true })
  readonly pipeline!: string | null;

  @Field(() => [AuditChangeObject], {
    description: 'Changed fields with their old and new values; a secret shows as its version.',
  })
  readonly changes!: readonly AuditChangeObject[];

  @Field(() => Int, { nullable: true })
  readonly durationMs!: number | null;

  @Field(() => Int, { description: 'How many attempts like this one the entry stands for.' })
  readonly count!: number;

  @Field(() => DateTime, { nullable: true, description: 'When the last of several happened; null of one.' })
  readonly until!: string | null;

  @Field(() => WorkloadIdentityObject, {
    nullable: true,
    description: "What the CI system's own token said of the caller, where a trust rule let it in.",
  })
  readonly identity!: WorkloadIdentityObject | null;

  @Field(() => Int, { description: 'How the entry is hashed: docs/audit-format.md.' })
  readonly format!: number;

  @Field(() => String, { description: 'SHA-256 over the entry and the hash before it, in hex.' })
  readonly hash!: string;
}

@ObjectType('AuditEdge', { simpleResolvers: true })
export class AuditEdgeObject {
  @Field(() => String)
  readonly cursor!: string;

  @Field(() => AuditEntryObject)
  readonly node!: AuditEntryObject;
}

@ObjectType('AuditConnection', { simpleResolvers: true })
export class AuditConnectionObject {
  @Field(() => [AuditEntryObject])
  readonly nodes!: readonly AuditEntryObject[];

  @Field(() => PageInfoObject)
  readonly pageInfo!: PageInfoObject;

  /** Behind the field `totalCount`, see `AuditLogResolver`. */
  readonly count!: () => Promise<number>;
}

@InputType()
export class AuditFilter {
  @Field(() => String, { nullable: true, description: 'Matches actor, URL, action and pipeline.' })
  readonly search?: string | null;

  @Field(() => ID, { nullable: true })
  readonly registryId?: string | null;

  @Field(() => String, { nullable: true })
  readonly actor?: string | null;

  @Field(() => String, { nullable: true })
  readonly action?: string | null;

  @Field(() => AuditOutcomeEnum, { nullable: true })
  readonly outcome?: AuditOutcome | null;

  @Field(() => DateTime, { nullable: true })
  readonly from?: string | null;

  @Field(() => DateTime, { nullable: true })
  readonly to?: string | null;
}

export function auditFilter(filter: AuditFilter | null | undefined): Filter {
  return {
    search: searchText(filter?.search),
    registryId: filter?.registryId ?? undefined,
    actor: filter?.actor ?? undefined,
    action: filter?.action ?? undefined,
    outcome: filter?.outcome ?? undefined,
    from: filter?.from ?? undefined,
    to: filter?.to ?? undefined,
  };
}

/** The same text for the same filter, for the cursors of the list. */
export function auditSelection({ search, registryId, actor, action, outcome, from, to }: Filter): string {
  return JSON.stringify([search, registryId, actor, action, outcome, from, to]);
}
