import { Ctx, Directive, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { type CursorScope, decodeSequence } from '../paging/cursors.ts';
import { After, First } from '../paging/page-arguments.ts';
import { PageInfoObject } from '../paging/page-info.ts';
import { pageSize } from '../paging/page-size.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import { ShowsNoEntries } from '../pipeline/policy.ts';

const DEFAULT_PAGE_SIZE = 20;

@ObjectType('AuditHead', {
  simpleResolvers: true,
  description: "A signed head of a project's hash chain: it vouches for its entry and all before it.",
})
export class AuditHeadObject {
  @Field(() => Int, { description: 'The format in which the head is signed: see docs/audit-format.md.' })
  readonly format!: number;

  @Field(() => Int, { description: 'The place of the entry in the chain.' })
  readonly sequence!: number;

  @Field(() => String, { description: 'The hash of the entry.' })
  readonly hash!: string;

  @Field(() => DateTime, { description: 'When it was signed, by the clock of the service.' })
  readonly signedAt!: string;

  @Field(() => String, { description: 'The key that signed: see `auditKeys`.' })
  readonly keyId!: string;

  @Field(() => String, { description: 'The process that signed.' })
  readonly instance!: string;

  @Field(() => String, { description: 'The 64 bytes of the signature (Ed25519), in base64.' })
  readonly signature!: string;
}

@ObjectType('AuditHeadConnection', { simpleResolvers: true, description: 'One page of signed heads.' })
export class AuditHeadConnectionObject {
  @Field(() => [AuditHeadObject], { description: 'The signed heads of the page, newest first.' })
  readonly nodes!: readonly AuditHeadObject[];

  @Field(() => PageInfoObject, { description: 'How to get the next page.' })
  readonly pageInfo!: PageInfoObject;
}

@ObjectType('AuditKey', {
  simpleResolvers: true,
  description: 'The public half of a key that signs heads of audit logs. Keep it where nobody can change both.',
})
export class AuditKeyObject {
  @Field(() => String, { description: 'How signed heads name the key: a part of its hash.' })
  readonly keyId!: string;

  @Field(() => String, { description: 'The 32 bytes of the public key (Ed25519), in base64.' })
  readonly publicKey!: string;

  @Field(() => DateTime, { description: 'When it was made.' })
  readonly createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When another key took its place; null if it signs.' })
  readonly retiredAt!: string | null;
}

@Resolver()
export class AuditHeadResolver {
  @ShowsNoEntries()
  @Query(() => AuditHeadConnectionObject, {
    description: "The signed heads of a project's audit log, newest first: at most one a minute.",
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:audit:read")')
  async auditHeads(
    @Ctx() { services: { queries, cursors, application }, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @First(DEFAULT_PAGE_SIZE) first: number | null | undefined,
    @After() after: string | null | undefined,
  ): Promise<AuditHeadConnectionObject> {
    const scope: CursorScope = { of: 'auditHeads', projectId };
    const { heads, hasNextPage } = await queries.auditHeads.list(projectId, {
      first: pageSize(first, DEFAULT_PAGE_SIZE),
      before: decodeSequence(cursors, scope, after),
    });
    // They are the primary's: what a standby exports to this caller next must have their entries.
    application.answered(request.principal);
    const last = heads.at(-1);
    const endCursor = last === undefined ? null : cursors.encode(scope, String(last.sequence));
    return { nodes: heads, pageInfo: { hasNextPage, endCursor } };
  }

  // The key ring is rotated seldom: a hundred times would take years.
  @MaxItems(100)
  @ShowsNoEntries()
  @Query(() => [AuditKeyObject], {
    description: 'The public keys of all keys that ever signed heads of audit logs, oldest first.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:audit:read")')
  auditKeys(
    @Ctx() { services: { queries } }: GraphqlContext,
    // The keys are the same for all projects: the argument tells where the caller may read audit logs.
    @ProjectId() _projectId: string,
  ): Promise<AuditKeyObject[]> {
    return queries.auditHeads.keys();
  }
}
