import { Field, InputType, ObjectType } from 'type-graphql';
import type {
  RegistryFilter as Filter,
  RegistryOrder as Order,
  RegistryCursor,
  RegistryOrderField,
} from '../../application/ports/read-models.ts';
import type { CredentialStatus } from '../../domain/credential.ts';
import { badUserInput } from '../../domain/errors.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import { PageInfoObject } from '../paging/page-info.ts';
import { searchText } from '../paging/search-text.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';
import { CredentialStatusEnum, RegistryProviderEnum } from './registry-enums.ts';
import { RegistryObject } from './registry-types.ts';

@ObjectType('RegistryEdge', { simpleResolvers: true, description: 'A registry with its place in the list.' })
export class RegistryEdgeObject {
  @Field(() => String, { description: 'Opaque: pass it as `after` to go on behind this registry.' })
  readonly cursor!: string;

  @Field(() => RegistryObject)
  readonly node!: RegistryObject;
}

@ObjectType('RegistryConnection', { simpleResolvers: true, description: 'One page of registries.' })
export class RegistryConnectionObject {
  @Field(() => [RegistryObject])
  readonly nodes!: readonly RegistryObject[];

  @Field(() => PageInfoObject)
  readonly pageInfo!: PageInfoObject;

  /** Behind the field `edges`, see `RegistryListResolver`: cursors cost a MAC each, so they are made only where they are asked for. */
  readonly cursorAt!: (index: number) => string;
  /** Behind the field `totalCount`, see `RegistryListResolver`. */
  readonly count!: () => Promise<number>;
}

@InputType({ description: 'What must be true of a registry to be listed. What is left out does not matter.' })
export class RegistryFilter {
  @Field(() => String, { nullable: true, description: 'Matches name, URL, username and description.' })
  readonly search?: string | null;

  @Field(() => RegistryProviderEnum, { nullable: true })
  readonly provider?: RegistryProvider | null;

  @Field(() => CredentialStatusEnum, {
    nullable: true,
    description: 'The status of its credential at the time of the query.',
  })
  readonly status?: CredentialStatus | null;

  @Field(() => DateTime, { nullable: true, description: 'The credential is known to expire before then.' })
  readonly expiresBefore?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Never used, or not since then.' })
  readonly unusedSince?: string | null;
}

export const RegistryOrderFieldEnum = enumType<RegistryOrderField>(
  'RegistryOrderField',
  'What a list of registries is sorted by. Registries without the value come last in either direction.',
  {
    NAME: 'The name, upper and lower case alike.',
    URL: 'The canonical URL.',
    CREATED_AT: 'When it was registered.',
    UPDATED_AT: 'When it was last changed.',
    EXPIRES_AT: 'When its credential expires.',
    LAST_USED_AT: 'When its credential was last issued to a pipeline.',
  },
);
export const OrderDirectionEnum = enumType<Order['direction']>('OrderDirection', 'Which way a list is sorted.', {
  ASC: 'Smallest, earliest or first in the alphabet first.',
  DESC: 'Largest, latest or last in the alphabet first.',
});

@InputType({ description: 'How a list of registries is sorted. Defaults to NAME, ASC.' })
export class RegistryOrder {
  @Field(() => RegistryOrderFieldEnum)
  readonly field!: RegistryOrderField;

  @Field(() => OrderDirectionEnum)
  readonly direction!: Order['direction'];
}

const DEFAULT_ORDER: Order = { field: 'NAME', direction: 'ASC' };

export function registryOrder(order: RegistryOrder | null | undefined): Order {
  return order ?? DEFAULT_ORDER;
}

export function registryFilter(filter: RegistryFilter | null | undefined): Filter {
  return {
    search: searchText(filter?.search),
    provider: filter?.provider ?? undefined,
    status: filter?.status ?? undefined,
    expiresBefore: filter?.expiresBefore ?? undefined,
    unusedSince: filter?.unusedSince ?? undefined,
  };
}

/** The same text for the same filter and order, for the cursors of the list. */
export function registrySelection(filter: Filter, order: Order): string {
  const { search, provider, status, expiresBefore, unusedSince } = filter;
  return JSON.stringify([search, provider, status, expiresBefore, unusedSince, order.field, order.direction]);
}

export function positionOf({ key, id }: RegistryCursor): string {
  return JSON.stringify([key, id]);
}

/** Of a position whose MAC was right: what does not read as one was written by another version. */
export function registryCursor(position: string): RegistryCursor {
  const parsed: unknown = JSON.parse(position);
  if (Array.isArray(parsed) && parsed.length === 2) {
    const [key, id]: unknown[] = parsed;
    if ((key === null || typeof key === 'string') && typeof id === 'string') return { key, id };
  }
  throw badUserInput('after', '`after` is a cursor of another version of this service. Begin with the first page.');
}
