import { Ctx, Directive, Field, ID, ObjectType, Resolver, Root, Subscription } from 'type-graphql';
import type { ChangeView, RegistryChangeKind } from '../../application/ports/read-models.ts';
import { changeScope } from '../paging/cursors.ts';
import { ReplayAfter } from '../paging/page-arguments.ts';
import { resumeAfter, resumeFrom } from '../paging/resume.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { enumType } from '../pipeline/enum-type.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import { RegistryObject, toGraphqlRegistry } from '../registry/registry-types.ts';

export const RegistryChangeKindEnum = enumType<RegistryChangeKind>(
  'RegistryChangeKind',
  'What happened to a registry.',
  {
    CREATED: 'It was registered.',
    UPDATED: 'Its details, its credential or its health changed.',
    DELETED: 'It was deleted, and its secret was destroyed.',
  },
);

@ObjectType('RegistryChange', { simpleResolvers: true, description: 'Something that happened to a registry.' })
export class RegistryChangeObject {
  @Field(() => String, {
    description: 'Opaque and ordered. Pass the last one that you saw as `after` to miss no change and see none twice.',
  })
  readonly cursor!: string;

  @Field(() => RegistryChangeKindEnum, { description: 'What happened.' })
  readonly kind!: RegistryChangeKind;

  @Field(() => ID, { description: 'The registry that changed, by its `id`.' })
  readonly registryId!: string;

  @Field(() => RegistryObject, {
    nullable: true,
    description: 'The registry after the change; null once it is deleted.',
  })
  readonly registry!: RegistryObject | null;
}

@Resolver()
export class RegistryChangeResolver {
  @Subscription(() => RegistryChangeObject, {
    description: 'Sends all changes since `after`, then new ones as they happen.',
    subscribe: ({ context, args }) => followChanges(context, args as ChangeFeedArguments),
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  registryChanges(
    @Root() { kind, projectId, registryId, registry, sequence }: ChangeView,
    @Ctx() { services: { queries, cursors, now } }: GraphqlContext,
    @ProjectId() _projectId: string,
    @ReplayAfter() _after: string | null | undefined,
  ): RegistryChangeObject {
    return {
      cursor: cursors.encode(changeScope(projectId), String(sequence)),
      kind,
      registryId,
      registry: registry && { ...toGraphqlRegistry(queries, registry, now()), isShared: true },
    };
  }
}

interface ChangeFeedArguments {
  readonly projectId: string;
  readonly after?: string | null;
}

async function followChanges(
  { services: { queries, cursors }, signal, lastEventId }: GraphqlContext,
  { projectId, after }: ChangeFeedArguments,
): Promise<AsyncGenerator<ChangeView, void, undefined>> {
  const { changes } = queries.feeds;
  const from = resumeFrom(lastEventId, after);
  return changes.follow(projectId, await resumeAfter(changes, cursors, changeScope(projectId), from), signal);
}
