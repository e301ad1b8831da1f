import {
  Arg,
  Ctx,
  Directive,
  Field,
  FieldResolver,
  ID,
  Int,
  ObjectType,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import type { NoticeView } from '../../application/ports/read-models.ts';
import type { RotationNoticeKind } from '../../domain/notices.ts';
import { type Cursors, noticeScope } from '../paging/cursors.ts';
import { After, First, ReplayAfter } from '../paging/page-arguments.ts';
import { PageInfoObject } from '../paging/page-info.ts';
import { pageSize } from '../paging/page-size.ts';
import { resumeAfter, resumeFrom } from '../paging/resume.ts';
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
    AUTHENTICATION_FAILED:
      'The registry refuses the credential, as a check found or a pipeline reported; confirmed by a second try.',
    RECOVERED: 'The registry accepts the credential again that it had refused.',
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

  /** Serves the field `latestCursor`: not every page knows it. */
  readonly latest!: () => Promise<number>;
  readonly projectId!: string;
}

function toGraphqlNotice(cursors: Cursors, notice: NoticeView): RotationNoticeObject {
  return { ...notice, cursor: cursors.encode(noticeScope(notice.projectId), String(notice.sequence)) };
}

const DEFAULT_PAGE_SIZE = 20;

@Resolver(() => RotationNoticeConnectionObject)
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
    const before = await resumeAfter(queries.feeds.notices, cursors, noticeScope(projectId), {
      cursor: after,
      field: 'after',
    });
    const { notices, hasNextPage } = await queries.notices.list(projectId, {
      registryId: registryId ?? undefined,
      first: pageSize(first, DEFAULT_PAGE_SIZE),
      before,
    });
    const nodes = notices.map((notice) => toGraphqlNotice(cursors, notice));
    return {
      nodes,
      pageInfo: { hasNextPage, endCursor: nodes.at(-1)?.cursor ?? null },
      // The first page begins with the latest notice: what comes later can neither be missed nor come twice.
      latest: async () =>
        before === undefined
          ? (notices[0]?.sequence ?? queries.feeds.notices.removedUpTo(projectId))
          : queries.feeds.notices.lastSequence(projectId),
      projectId,
    };
  }

  @FieldResolver(() => String, {
    description:
      'Subscribe with it as `after` to get everything that is not on the first page yet; without notices, the beginning.',
  })
  async latestCursor(
    @Root() { latest, projectId }: RotationNoticeConnectionObject,
    @Ctx() { services: { cursors } }: GraphqlContext,
  ): Promise<string> {
    return cursors.encode(noticeScope(projectId), String(await latest()));
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

async function followNotices(
  { services: { queries, cursors }, signal, lastEventId }: GraphqlContext,
  { projectId, registryId, after }: NoticeFeedArguments,
): Promise<AsyncGenerator<NoticeView, void, undefined>> {
  const { notices: feed } = queries.feeds;
  const from = resumeFrom(lastEventId, after);
  const notices = feed.follow(projectId, await resumeAfter(feed, cursors, noticeScope(projectId), from), signal);
  return typeof registryId === 'string' ? ofRegistry(notices, registryId.toLowerCase()) : notices;
}

async function* ofRegistry(
  notices: AsyncGenerator<NoticeView, void, undefined>,
  registryId: string,
): AsyncGenerator<NoticeView, void, undefined> {
  for await (const notice of notices) if (notice.registryId === registryId) yield notice;
}
