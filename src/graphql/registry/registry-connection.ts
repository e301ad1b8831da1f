import { Field, FieldResolver, InputType, Int, ObjectType, Resolver, Root } from 'type-graphql';
import type {
  RegistryFilter as Filter,
  RegistryOrder as Order,
  RegistryCursor,
} from '../../application/ports/read-models.ts';
import { badUserInput } from '../../domain/errors.ts';
import { PageInfo } from '../paging/page-info.ts';
import { DateTime } from '../pipeline/date-time.ts';
import { enumType } from '../pipeline/enum-type.ts';
import { CredentialStatus, RegistryProvider } from './registry-enums.ts';
import { Registry } from './registry-types.ts';
import { searchText } from './search-text.ts';

@ObjectType({ simpleResolvers: true })
export class RegistryEdge {
  @Field(() => String)
  readonly cursor!: string;

  @Field(() => Registry)
  readonly node!: Registry;
}

@ObjectType({ simpleResolvers: true })
export class RegistryConnection {
  @Field(() => [Registry])
  readonly nodes!: readonly Registry[];

  @Field(() => PageInfo)
  readonly pageInfo!: PageInfo;

  /** Behind the field `edges`: cursors cost a MAC each, so they are made only where they are asked for. */
  readonly cursorAt!: (index: number) => string;
  /** Behind the field `totalCount`. */
  readonly count!: () => Promise<number>;
}

@Resolver(() => RegistryConnection)
export class RegistryConnectionFields {
  @FieldResolver(() => [RegistryEdge])
  edges(@Root() { nodes, cursorAt }: RegistryConnection): RegistryEdge[] {
    return nodes.map((node, index) => ({ node, cursor: cursorAt(index) }));
  }

  @FieldResolver(() => Int)
  totalCount(@Root() connection: RegistryConnection): Promise<number> {
    return connection.count();
  }
}

@InputType()
export class RegistryFilter {
  @Field(() => String, { nullable: true, description: 'Matches name, URL, username and description.' })
  readonly search?: string | null;

  @Field(() => RegistryProvider, { nullable: true })
  readonly provider?: keyof typeof RegistryProvider | null;

  @Field(() => CredentialStatus, { nullable: true })
  readonly status?: keyof typeof CredentialStatus | null;

  @Field(() => DateTime, { nullable: true })
  readonly expiresBefore?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Never used, or not since then.' })
  readonly unusedSince?: string | null;
}

export const RegistryOrderField = enumType('RegistryOrderField', [
  'NAME',
  'URL',
  'CREATED_AT',
  'UPDATED_AT',
  'EXPIRES_AT',
  'LAST_USED_AT',
]);
export const OrderDirection = enumType('OrderDirection', ['ASC', 'DESC']);

@InputType()
export class RegistryOrder {
  @Field(() => RegistryOrderField)
  readonly field!: keyof typeof RegistryOrderField;

  @Field(() => OrderDirection)
  readonly direction!: keyof typeof OrderDirection;
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
