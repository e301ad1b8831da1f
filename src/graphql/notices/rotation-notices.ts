import { Arg, Ctx, Directive, Field, ID, Int, ObjectType, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { NoticeView } from '../../application/ports/read-models.ts';
import type { RotationNoticeKind } from '../../domain/notices.ts';
import { type CursorScope, type Cursors, decodeSequence } from '../paging/cursors.ts';
import { After, First, ReplayAfter } from '../paging/page-arguments.ts';
import { PageInfoObject } from '../paging/page-info.ts';
import { pageSize } from '../paging/page-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';

export const RotationNoticeKindEnum = enumType<RotationNoticeKind>(
  'RotationNoticeKind',
  'What happened to the credential of a registry.',
  {
    ROTATED: 'A new version replaced the credential. Fetch it again; the old one is destroyed.',
    STAGED: 'A new version is stored and not yet active.',
    ABANDONED: 'The staged version was destroyed. It never became active.',
    RETIRED: 'The version that leases kept after an activation was destroyed.',
    EXPIRING: 'The credential expires soon, at `expiresAt`.',
    EXPIRED: 'The credential has expired and is no longer issued.',
    ROTATION_OVERDUE: 'The rotation interval has passed without a rotation.',
    AUTHENTICATION_FAILED: 'The registry refused the credential in a scheduled check.',
    NEEDS_CREDENTIAL: 'The stored secret is missing: rotate the credential to store it again.',
    DELETED: 'The registry was deleted, and its secret was destroyed.',
  },
);

@ObjectType('RotationNotice', { simpleResolvers: true, description: 'News about a credential, for those who use it.' })
export class RotationNoticeObject {
  @Field(() => String, {
    description: 'Opaque and ordered. Pass the last one that you saw as `after` to miss no notice and see none twice.',
  })
  readonly cursor!: string;

  @Field(() => RotationNoticeKindEnum, { description: 'What happened.' })
  readonly kind!: RotationNoticeKind;

  @Field(() => ID, { description: 'The project that the registry belongs to.' })
  readonly projectId!: string;

  @Field(() => ID, { description: 'The registry that the notice is about, by its `id`.' })
  readonly registryId!: string;

  @Field(() => String, { description: 'The canonical URL of the registry.' })
  readonly url!: string;

  @Field(() => Int, {
    description: 'The version that this is about: the staged, abandoned or retired one, else the current one.',
  })
  readonly credentialVersion!: number;

  @Field(() => DateTime, { description: 'When it happened.' })
  readonly occurredAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When that version expires; null if unknown.' })
  readonly expiresAt!: string | null;

  @Field(() => String, { description: 'Who did it, as in the audit log.' })
  readonly actor!: string;

  @Field(() => Int, { description: 'Leases that still hold an older version.' })
  readonly leasesOnOlderVersions!: number;

  @Field(() => String, { description: 'What happened, in one sentence.' })
  readonly message!: string;
}

@ObjectType('RotationNoticeConnection', { simpleResolvers: true, description: 'One page of notices.' })
export class RotationNoticeConnectionObject {
  @Field(() => [RotationNoticeObject], { description: 'The notices of this page, newest first.' })
  readonly nodes!: readonly RotationNoticeObject[];

  @Field(() => PageInfoObject, { description: 'Where this page ends.' })
  readonly pageInfo!: PageInfoObject;
}

function noticeScope(projectId: string): CursorScope {
  return { of: 'notices', projectId };
}

function toGraphqlNotice(cursors: Cursors, notice: NoticeView): RotationNoticeObject {
  return { ...notice, cursor: cursors.encode(noticeScope(notice.projectId), String(notice.sequence)) };
}

const DEFAULT_PAGE_SIZE = 20;

@Resolver()
export class RotationNoticeResolver {
  @Query(() => RotationNoticeConnectionObject, { description: 'The notices of a project, newest first.' })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async rotationNotices(
    @Ctx() { services: { queries, cursors } }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('registryId', () => ID, { nullable: true, description: 'Only notices of this registry.' }) registryId:
      | string
      | null
      | undefined,
    @First(DEFAULT_PAGE_SIZE) first: number | null | undefined,
    @After() after: string | null | undefined,
  ): Promise<RotationNoticeConnectionObject> {
    const { notices, hasNextPage } = await queries.notices.list(projectId, {
      registryId: registryId ?? undefined,
      first: pageSize(first, DEFAULT_PAGE_SIZE),
      before: decodeSequence(cursors, noticeScope(projectId), after),
    });
    const nodes = notices.map((notice) => toGraphqlNotice(cursors, notice));
    return { nodes, pageInfo: { hasNextPage, endCursor: nodes.at(-1)?.cursor ?? null } };
  }

  @Subscription(() => RotationNoticeObject, {
    name: 'rotationNotices',
    description: 'Sends all notices since `after`, then new ones as they happen.',
    subscribe: ({ context, args }) => followNotices(context, args as NoticeFeedArguments),
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  followRotationNotices(
    @Root() notice: NoticeView,
    @Ctx() { services: { cursors } }: GraphqlContext,
    @ProjectId() _projectId: string,
    @Arg('registryId', () => ID, { nullable: true, description: 'Only notices of this registry.' }) _registryId:
      | string
      | null
      | undefined,
    @ReplayAfter() _after: string | null | undefined,
  ): RotationNoticeObject {
    return toGraphqlNotice(cursors, notice);
  }
}

interface NoticeFeedArguments {
  readonly projectId: string;
  readonly registryId?: string | null;
  readonly after?: string | null;
}

function followNotices(
  { services: { queries, cursors }, signal }: GraphqlContext,
  { projectId, registryId, after }: NoticeFeedArguments,
): AsyncGenerator<NoticeView, void, undefined> {
  const notices = queries.feeds.notices.follow(
    projectId,
    decodeSequence(cursors, noticeScope(projectId), after),
    signal,
  );
  return typeof registryId === 'string' ? ofRegistry(notices, registryId.toLowerCase()) : notices;
}

async function* ofRegistry(
  notices: AsyncGenerator<NoticeView, void, undefined>,
  registryId: string,
): AsyncGenerator<NoticeView, void, undefined> {
  for await (const notice of notices) if (notice.registryId === registryId) yield notice;
}
