import { Field, FieldResolver, Int, ObjectType, Resolver, Root } from 'type-graphql';
import type { LeasesNow } from '../../application/lease/leases-now.ts';
import { MAX_WARNINGS } from '../../domain/change-impact.ts';
import type { RegistryView } from '../../domain/registry-view.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { RegistryObject, toGraphqlRegistry } from './registry-types.ts';

@ObjectType('RegistryPayload', { description: 'The registry after the change, and who still holds its credential.' })
export class RegistryPayloadObject {
  @Field(() => RegistryObject, { simple: true, description: 'The registry after the change.' })
  readonly registry!: RegistryObject;

  /** Serves the other fields, see `RegistryPayloadResolver`. */
  readonly leasesNow!: () => Promise<LeasesNow>;
}

@Resolver(() => RegistryPayloadObject)
export class RegistryPayloadResolver {
  @MaxItems(MAX_WARNINGS)
  @FieldResolver(() => [String], {
    description:
      'A sentence for each older version that leases still hold, the newest first: their pipelines should end before the old password is revoked at the registry.',
  })
  async warnings(@Root() { leasesNow }: RegistryPayloadObject): Promise<readonly string[]> {
    return (await leasesNow()).warnings;
  }

  @FieldResolver(() => Int, { description: 'Leases of the registry that have neither ended nor been released.' })
  async activeLeases(@Root() { leasesNow }: RegistryPayloadObject): Promise<number> {
    return (await leasesNow()).activeLeases;
  }
}

/** The change is done, and everything but the usage is known: that is read like a query, and waits like one. */
export function payload({ services, request }: GraphqlContext, view: RegistryView): RegistryPayloadObject {
  const { application, queries, now } = services;
  const registries = {
    ...queries.registries,
    async usage(ids: readonly string[]) {
      await application.readable(request.principal);
      return queries.registries.usage(ids);
    },
  };
  let leases: Promise<LeasesNow> | undefined;
  return {
    registry: toGraphqlRegistry({ registries }, view, now()),
    leasesNow() {
      leases ??= application.leasesNow(view.projectId, view.id);
      return leases;
    },
  };
}
