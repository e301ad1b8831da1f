import { Field, FieldResolver, ID, Int, ObjectType, Resolver, Root } from 'type-graphql';
import type { RegistryView } from '../../domain/registry-view.ts';
import type { Queries } from '../pipeline/context.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { Credential, presentCredential } from './credential-types.ts';
import { RegistryAccess, RegistryProvider } from './registry-enums.ts';
import { presentHealth, RegistryHealth } from './registry-health.ts';
import { type LoadUsage, RegistryUsage, usageOfList } from './registry-usage.ts';

// Named here, because a bundle renames the class: a library has a `Registry` too.
@ObjectType('Registry', { simpleResolvers: true })
export class Registry {
  @Field(() => ID, { description: 'UUIDv5 of project and canonical URL: a registry is its URL within a project.' })
  readonly id!: string;

  @Field(() => ID)
  readonly projectId!: string;

  @Field(() => String, { description: 'Canonical host[:port], such as `docker.io`. Never changes.' })
  readonly url!: string;

  @Field(() => String, { description: 'As it was typed.' })
  readonly enteredUrl!: string;

  @Field(() => String)
  readonly name!: string;

  @Field(() => String, { nullable: true })
  readonly description!: string | null;

  @Field(() => String, { nullable: true })
  readonly email!: string | null;

  @Field(() => RegistryProvider)
  readonly provider!: keyof typeof RegistryProvider;

  @Field(() => String)
  readonly username!: string;

  @Field(() => RegistryAccess)
  readonly access!: keyof typeof RegistryAccess;

  @Field(() => String, { nullable: true, description: 'PEM, for a registry behind a private certificate authority.' })
  readonly caCertificate!: string | null;

  @Field(() => Credential)
  readonly credential!: Credential;

  @Field(() => RegistryHealth, { nullable: true })
  readonly health!: RegistryHealth | null;

  @Field(() => Int, {
    description:
      "The registry stream's revision: pass it as `expectedRevision` so that no other change is overwritten.",
  })
  readonly revision!: number;

  @Field(() => DateTime)
  readonly createdAt!: string;

  @Field(() => String)
  readonly createdBy!: string;

  @Field(() => DateTime)
  readonly updatedAt!: string;

  @Field(() => String)
  readonly updatedBy!: string;

  /** Behind the field `usage`. */
  readonly loadUsage!: LoadUsage;
}

@Resolver(() => Registry)
export class RegistryFields {
  @FieldResolver(() => RegistryUsage)
  usage(@Root() registry: Registry): Promise<RegistryUsage> {
    return registry.loadUsage();
  }
}

/** `now` in milliseconds since 1970: the credential's status is that of the time of asking. */
export function presentRegistries(
  queries: Pick<Queries, 'registries'>,
  views: readonly RegistryView[],
  now: number,
): Registry[] {
  const loadUsage = usageOfList(
    queries,
    views.map(({ id }) => id),
  );
  return views.map((view, index) => present(view, loadUsage(index), now));
}

export function presentRegistry(queries: Pick<Queries, 'registries'>, view: RegistryView, now: number): Registry {
  return present(view, usageOfList(queries, [view.id])(0), now);
}

/** Written out field by field: copying with a spread takes five times as long, and lists are what is asked most. */
function present(view: RegistryView, loadUsage: LoadUsage, now: number): Registry {
  return {
    id: view.id,
    projectId: view.projectId,
    url: view.url,
    enteredUrl: view.enteredUrl,
    name: view.name,
    description: view.description,
    email: view.email,
    provider: view.provider,
    username: view.username,
    access: view.access,
    caCertificate: view.caCertificate,
    credential: presentCredential(view, now),
    health: view.health && presentHealth(view.health, view.url, view.provider),
    revision: view.revision,
    createdAt: view.createdAt,
    createdBy: view.createdBy,
    updatedAt: view.updatedAt,
    updatedBy: view.updatedBy,
    loadUsage,
  };
}
