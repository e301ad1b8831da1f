import { Field, InputType, ObjectType } from 'type-graphql';
import type {
  Count,
  RegistryFilter as Filter,
  RegistryOrder as Order,
  RegistryCursor,
  RegistryOrderField,
} from '../../application/ports/read-models.ts';
import { CREDENTIAL_STATUSES, type CredentialStatus } from '../../domain/credential.ts';
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
  @Field(() => String, { description: 'Opaque. Pass it as `after` to continue after this registry.' })
  readonly cursor!: string;

  @Field(() => RegistryObject, { description: 'The registry.' })
  readonly node!: RegistryObject;
}

@ObjectType('RegistryConnection', { simpleResolvers: true, description: 'One page of registries.' })
export class RegistryConnectionObject {
  @Field(() => [RegistryObject], { description: 'The registries of this page, in the order asked for.' })
  readonly nodes!: readonly RegistryObject[];

  @Field(() => PageInfoObject, { description: 'Where this page ends.' })
  readonly pageInfo!: PageInfoObject;

  /** Serves the field `edges`, see `RegistryListResolver`. A cursor costs a MAC, so it is made only on request. */
  readonly cursorAt!: (index: number) => string;
  /** Serves the field `latestCursor`, see `RegistryListResolver`. */
  readonly latest!: () => string;
  /** Serves the field `totalCount`, see `RegistryListResolver`. */
  readonly count!: () => Promise<Count>;
}

@InputType({ description: 'Lists only registries that match every field given here.' })
export class RegistryFilter {
  @Field(() => String, { nullable: true, description: 'Text to find in the name, URL, user name or description.' })
  readonly search?: string | null;

  @Field(() => RegistryProviderEnum, { nullable: true, description: 'Only registries of this provider.' })
  readonly provider?: RegistryProvider | null;

  @Field(() => CredentialStatusEnum, {
    nullable: true,
    description: 'Only registries whose credential has this status at the time of the query.',
  })
  readonly status?: CredentialStatus | null;

  @Field(() => [CredentialStatusEnum], {
    nullable: true,
    description:
      'Only registries whose credential has one of these statuses at the time of the query. Name at least one.',
  })
  readonly statuses?: readonly CredentialStatus[] | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Only registries whose credential is known to expire before this time.',
  })
  readonly expiresBefore?: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'Only registries with `rotateEveryDays` whose credential is due for rotation before this time. With the time of now: those that are overdue.',
  })
  readonly rotationDueBefore?: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'Only registries that were not used since this time, or never. To the minute: a use within the minute of the time counts as one since.',
  })
  readonly unusedSince?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'True: only registries whose current credential version was not tested yet. False: only those whose version was.',
  })
  readonly neverTested?: boolean | null;
}

export const RegistryOrderFieldEnum = enumType<RegistryOrderField>(
  'RegistryOrderField',
  'What a list of registries is sorted by. Registries without the value come last in either direction.',
  {
    NAME: 'The name, ignoring case.',
    URL: 'The canonical URL.',
    CREATED_AT: 'When it was registered.',
    UPDATED_AT: 'When it was last changed.',
    EXPIRES_AT: 'When its credential expires.',
    LAST_USED_AT: 'When its credential was last issued to a pipeline, to the minute.',
  },
);
export const OrderDirectionEnum = enumType<Order['direction']>(
  'OrderDirection',
  'The direction in which a list is sorted.',
  {
    ASC: 'Ascending: A before Z, earlier before later.',
    DESC: 'Descending: Z before A, later before earlier.',
  },
);

@InputType({ description: 'How a list of registries is sorted. Defaults to NAME, ASC.' })
export class RegistryOrder {
  @Field(() => RegistryOrderFieldEnum, { description: 'What to sort by.' })
  readonly field!: RegistryOrderField;

  @Field(() => OrderDirectionEnum, { description: 'Which end of the order comes first.' })
  readonly direction!: Order['direction'];
}

const DEFAULT_ORDER: Order = { field: 'NAME', direction: 'ASC' };

export function registryOrder(order: RegistryOrder | null | undefined): Order {
  return order ?? DEFAULT_ORDER;
}

/** @throws PurserError BAD_USER_INPUT */
export function registryFilter(filter: RegistryFilter | null | undefined): Filter {
  return {
    search: searchText(filter?.search),
    provider: filter?.provider ?? undefined,
    status: filter?.status ?? undefined,
    statuses: statusesOf(filter?.statuses),
    expiresBefore: filter?.expiresBefore ?? undefined,
    rotationDueBefore: filter?.rotationDueBefore ?? undefined,
    unusedSince: filter?.unusedSince ?? undefined,
    neverTested: filter?.neverTested ?? undefined,
  };
}

/** In one order, so that equal filters have equal cursors and statements. */
function statusesOf(given: readonly CredentialStatus[] | null | undefined): readonly CredentialStatus[] | undefined {
  if (given === null || given === undefined) return undefined;
  if (given.length === 0) {
    throw badUserInput(
      'filter.statuses',
      '`filter.statuses` must name at least one status. Omit it to list all registries.',
    );
  }
  return CREDENTIAL_STATUSES.filter((status) => given.includes(status));
}

/** Cursors are bound to this text: the same filter and order always give the same text. */
export function registrySelection(filter: Filter, order: Order): string {
  const { search, provider, status, statuses, expiresBefore, rotationDueBefore, unusedSince, neverTested } = filter;
  const times = [expiresBefore, rotationDueBefore, unusedSince];
  return JSON.stringify([search, provider, status, statuses, ...times, neverTested, order.field, order.direction]);
}

export function positionOf({ key, id }: RegistryCursor): string {
  return JSON.stringify([key, id]);
}

/** The position's MAC was right, so one that cannot be read was written by another version. */
export function registryCursor(position: string): RegistryCursor {
  const parsed: unknown = JSON.parse(position);
  if (Array.isArray(parsed) && parsed.length === 2) {
    const [key, id]: unknown[] = parsed;
    if (typeof key === 'string' && typeof id === 'string') return { key, id };
  }
  throw badUserInput('after', '`after` is a cursor of another version of this service. Begin with the first page.');
}
