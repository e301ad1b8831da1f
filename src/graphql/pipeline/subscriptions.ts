import { Arg, Ctx, Directive, ID, Resolver, Root, Subscription } from 'type-graphql';
import type { ChangeView, NoticeView } from '../../application/ports/read-models.ts';
import { RegistryChange } from '../notices/registry-changes.ts';
import { noticeScope, presentNotice, RotationNotice } from '../notices/rotation-notices.ts';
import { type CursorScope, decodeSequence } from '../paging/cursors.ts';
import { presentRegistry } from '../registry/registry-types.ts';
import type { GraphqlContext } from './context.ts';

interface FeedArguments {
  readonly projectId: string;
  readonly registryId?: string | null;
  readonly after?: string | null;
}

function changeScope(projectId: string): CursorScope {
  return { of: 'changes', projectId };
}

function followNotices(
  { services: { queries, cursors }, signal }: GraphqlContext,
  { projectId, registryId, after }: FeedArguments,
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

function followChanges(
  { services: { queries, cursors }, signal }: GraphqlContext,
  { projectId, after }: FeedArguments,
): AsyncGenerator<ChangeView, void, undefined> {
  return queries.feeds.changes.follow(projectId, decodeSequence(cursors, changeScope(projectId), after), signal);
}

@Resolver()
export class SubscriptionResolver {
  @Subscription(() => RotationNotice, {
    description: 'Live, after replaying what came since `after`.',
    subscribe: ({ context, args }) => followNotices(context, args as FeedArguments),
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  rotationNotices(
    @Root() notice: NoticeView,
    @Ctx() { services: { cursors } }: GraphqlContext,
    @Arg('projectId', () => ID) _projectId: string,
    @Arg('registryId', () => ID, { nullable: true }) _registryId: string | null | undefined,
    @Arg('after', () => String, { nullable: true }) _after: string | null | undefined,
  ): RotationNotice {
    return presentNotice(cursors, notice);
  }

  @Subscription(() => RegistryChange, {
    description: 'Live, after replaying what came since `after`.',
    subscribe: ({ context, args }) => followChanges(context, args as FeedArguments),
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  registryChanges(
    @Root() { kind, projectId, registryId, registry, sequence }: ChangeView,
    @Ctx() { services: { queries, cursors, now } }: GraphqlContext,
    @Arg('projectId', () => ID) _projectId: string,
    @Arg('after', () => String, { nullable: true }) _after: string | null | undefined,
  ): RegistryChange {
    return {
      cursor: cursors.encode(changeScope(projectId), String(sequence)),
      kind,
      registryId,
      registry: registry && presentRegistry(queries, registry, now()),
    };
  }
}
