import { Arg, Ctx, Directive, Field, ID, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { NoticeView } from '../../application/ports/read-models.ts';
import { type CursorScope, type Cursors, decodeSequence } from '../paging/cursors.ts';
import { PageInfo } from '../paging/page-info.ts';
import { pageSize } from '../paging/page-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';

export const RotationNoticeKind = enumType('RotationNoticeKind', [
  'ROTATED',
  'STAGED',
  'RETIRED',
  'EXPIRING',
  'EXPIRED',
  'ROTATION_OVERDUE',
  'AUTHENTICATION_FAILED',
  'NEEDS_CREDENTIAL',
  'DELETED',
]);

@ObjectType({ simpleResolvers: true })
export class RotationNotice {
  @Field(() => String, {
    description: 'Opaque and ordered: pass the last one seen as `after` to miss none and see none twice.',
  })
  readonly cursor!: string;

  @Field(() => RotationNoticeKind)
  readonly kind!: keyof typeof RotationNoticeKind;

  @Field(() => ID)
  readonly projectId!: string;

  @Field(() => ID)
  readonly registryId!: string;

  @Field(() => String)
  readonly url!: string;

  @Field(() => Int)
  readonly credentialVersion!: number;

  @Field(() => DateTime)
  readonly occurredAt!: string;

  @Field(() => DateTime, { nullable: true })
  readonly expiresAt!: string | null;

  @Field(() => String)
  readonly actor!: string;

  @Field(() => Int, { description: 'Leases that still hold an older version.' })
  readonly leasesOnOlderVersions!: number;

  @Field(() => String)
  readonly message!: string;
}

@ObjectType({ simpleResolvers: true })
export class RotationNoticeConnection {
  @Field(() => [RotationNotice])
  readonly nodes!: readonly RotationNotice[];

  @Field(() => PageInfo)
  readonly pageInfo!: PageInfo;
}

export function noticeScope(projectId: string): CursorScope {
  return { of: 'notices', projectId };
}

export function presentNotice(cursors: Cursors, notice: NoticeView): RotationNotice {
  return { ...notice, cursor: cursors.encode(noticeScope(notice.projectId), String(notice.sequence)) };
}

const DEFAULT_PAGE_SIZE = 20;

@Resolver()
export class RotationNoticeResolver {
  @Query(() => RotationNoticeConnection, { description: 'Newest first.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async rotationNotices(
    @Ctx() { services: { queries, cursors } }: GraphqlContext,
    @Arg('projectId', () => ID) projectId: string,
    @Arg('registryId', () => ID, { nullable: true }) registryId: string | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: DEFAULT_PAGE_SIZE }) first: number | null | undefined,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
  ): Promise<RotationNoticeConnection> {
    const { notices, hasNextPage } = await queries.notices.list(projectId, {
      registryId: registryId ?? undefined,
      first: pageSize(first, DEFAULT_PAGE_SIZE),
      before: decodeSequence(cursors, noticeScope(projectId), after),
    });
    const nodes = notices.map((notice) => presentNotice(cursors, notice));
    return { nodes, pageInfo: { hasNextPage, endCursor: nodes.at(-1)?.cursor ?? null } };
  }
}
