import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Count } from '../../application/ports/read-models.ts';
import type { AuditOutcome } from '../../domain/audit-entry.ts';
import { PageInfoObject } from '../paging/page-info.ts';
import { MaxBytes, MaxItems } from '../pipeline/answer-size.ts';
import { MadeOf } from '../pipeline/asked-parts.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';
import { WorkloadIdentityObject } from '../trust/workload-identity.ts';

export const AuditOutcomeEnum = enumType<AuditOutcome>('AuditOutcome', 'How an attempt ended.', {
  SUCCEEDED: 'The operation was done.',
  DENIED: 'The caller did not have the permission.',
  FAILED: 'The caller had the permission, but the operation failed: `code` says why.',
});

/** The changes of an entry, with a description and an authority's fingerprints, divided by their number. */
const AVERAGE_VALUE_BYTES = 1_024;

@ObjectType('AuditChange', { simpleResolvers: true, description: 'One field that an audited operation changed.' })
export class AuditChangeObject {
  @Field(() => String, { description: 'The name of the field, as in the input.' })
  readonly field!: string;

  // On average: most values are short, and an entry has each field once.
  @MaxBytes(AVERAGE_VALUE_BYTES)
  @Field(() => String, { nullable: true, description: 'The value before; null if there was none.' })
  readonly from!: string | null;

  @MaxBytes(AVERAGE_VALUE_BYTES)
  @Field(() => String, { nullable: true, description: 'The value after; null if it was cleared.' })
  readonly to!: string | null;
}

@ObjectType('AuditEntry', {
  simpleResolvers: true,
  description: 'One line of the audit log of a project. Entries are never changed.',
})
export class AuditEntryObject {
  // Its place is always read.
  @MadeOf()
  @Field(() => String, { description: 'Opaque. Pass it as `after` to continue after this entry.' })
  readonly cursor!: string;

  @Field(() => Int, { description: "Position in the project's hash chain." })
  readonly sequence!: number;

  @Field(() => ID, { description: 'The event in the log that this entry describes.' })
  readonly eventId!: string;

  @Field(() => DateTime, { description: 'When it happened, by the clock of the service.' })
  readonly occurredAt!: string;

  @Field(() => String, {
    description:
      'CREATE_REGISTRY, UPDATE_REGISTRY, ROTATE_CREDENTIAL, DELETE_REGISTRY, TEST_REGISTRY, ISSUE_CREDENTIAL, …',
  })
  readonly action!: string;

  @Field(() => AuditOutcomeEnum, { description: 'How the attempt ended.' })
  readonly outcome!: AuditOutcome;

  @Field(() => String, { nullable: true, description: 'The error code of a denied or failed attempt.' })
  readonly code!: string | null;

  @Field(() => String, { nullable: true, description: 'The field of the input at fault, if there is one.' })
  readonly field!: string | null;

  @Field(() => String, {
    description: "Who did it: the subject of the caller's token, or `system:purser` if the service did it by itself.",
  })
  readonly actor!: string;

  @Field(() => String, {
    nullable: true,
    description: "The issuer of the caller's token; null if the service did it by itself.",
  })
  readonly issuer!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The id (`jti`) of the caller's token, with which REVOKED_TOKENS_FILE can end it; null if it had none.",
  })
  readonly tokenId!: string | null;

  @Field(() => String, { nullable: true, description: 'The IP address of the client. Trusted proxies are skipped.' })
  readonly ipAddress!: string | null;

  @Field(() => String, { nullable: true, description: 'The `User-Agent` of the request, shortened to 256 characters.' })
  readonly userAgent!: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'The id of the HTTP request, as in its header `x-request-id`. Each operation over WebSocket has a separate id.',
  })
  readonly requestId!: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The registry that the attempt was about, by its `id`; null if it was about none or about several.',
  })
  readonly registryId!: string | null;

  @Field(() => String, { nullable: true, description: 'The canonical URL of the registry, if known.' })
  readonly url!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The pipeline that asked for the credential or released it, by the name that it gave.',
  })
  readonly pipeline!: string | null;

  @Field(() => String, { nullable: true, description: 'The run of the pipeline, by the id that it gave.' })
  readonly runId!: string | null;

  @Field(() => String, { nullable: true, description: 'The image for which a credential was asked.' })
  readonly image!: string | null;

  @Field(() => ID, { nullable: true, description: 'The lease under which a credential was issued, or asked for.' })
  readonly leaseId!: string | null;

  @MaxItems(12)
  @Field(() => [AuditChangeObject], {
    description: 'Changed fields with their old and new values. A secret appears only as its version.',
  })
  readonly changes!: readonly AuditChangeObject[];

  @Field(() => Int, {
    nullable: true,
    description:
      'Milliseconds from the arrival of the request until the event was written; null if the service did it by itself.',
  })
  readonly durationMs!: number | null;

  @Field(() => Int, { description: 'How many attempts of this kind the entry stands for.' })
  readonly count!: number;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the last of these attempts happened; null if there was only one.',
  })
  readonly until!: string | null;

  @Field(() => WorkloadIdentityObject, {
    nullable: true,
    description: "The identity from the token of the caller's CI system; null unless a trust rule let the caller in.",
  })
  readonly identity!: WorkloadIdentityObject | null;

  @Field(() => Int, { description: 'The format in which the entry is hashed: see docs/audit-format.md.' })
  readonly format!: number;

  @Field(() => String, { description: 'SHA-256 over the entry and the hash before it, in hex.' })
  readonly hash!: string;
}

@ObjectType('AuditEdge', { simpleResolvers: true, description: 'An entry with its place in the list.' })
export class AuditEdgeObject {
  @Field(() => String, { description: 'Opaque. Pass it as `after` to continue after this entry.' })
  readonly cursor!: string;

  @Field(() => AuditEntryObject, { description: 'The entry.' })
  readonly node!: AuditEntryObject;
}

@ObjectType('AuditConnection', { simpleResolvers: true, description: 'One page of the audit log.' })
export class AuditConnectionObject {
  @Field(() => [AuditEntryObject], { description: 'The entries of this page, newest first.' })
  readonly nodes!: readonly AuditEntryObject[];

  @Field(() => PageInfoObject, { description: 'Where this page ends.' })
  readonly pageInfo!: PageInfoObject;

  /** Serves the field `totalCount`, see `AuditLogResolver`. */
  readonly count!: () => Promise<Count>;
}

@InputType({ description: 'Lists only entries that match every field given here.' })
export class AuditFilter {
  @Field(() => String, { nullable: true, description: 'Text to find in the actor, URL, action or pipeline.' })
  readonly search?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only entries of this registry.' })
  readonly registryId?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Only entries of one of these actions, at most 32. They are listed in docs/audit-actions.md.',
  })
  readonly actions?: readonly string[] | null;

  @Field(() => String, { nullable: true, description: 'Only entries of exactly this actor.' })
  readonly actor?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Only entries of exactly this action, such as `CREATE_REGISTRY`. They are listed in docs/audit-actions.md.',
  })
  readonly action?: string | null;

  @Field(() => AuditOutcomeEnum, { nullable: true, description: 'Only entries with this outcome.' })
  readonly outcome?: AuditOutcome | null;

  @Field(() => String, { nullable: true, description: 'Only denied and failed attempts with this error code.' })
  readonly code?: string | null;

  @Field(() => String, { nullable: true, description: 'Only entries of exactly this pipeline.' })
  readonly pipeline?: string | null;

  @Field(() => String, { nullable: true, description: 'Only entries of exactly this run of a pipeline.' })
  readonly runId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only entries of this lease.' })
  readonly leaseId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only entries of this request, by its `x-request-id`.' })
  readonly requestId?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Only entries at this time or later.' })
  readonly from?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Only entries before this time.' })
  readonly to?: string | null;
}
