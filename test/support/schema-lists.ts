import {
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isScalarType,
} from 'graphql';
import type { RegistryOrder } from '../../src/application/ports/read-models.ts';
import { SAMPLES, TOGETHER } from './filter-samples.ts';

export type Filter = Readonly<Record<string, unknown>>;

/** A root field that answers in pages. */
export interface SchemaList {
  readonly name: string;
  /** Samples of each of its filters, the empty one first, and those of `TOGETHER`. */
  readonly filters: readonly Filter[];
  /** `undefined` alone where the list has one order only. */
  readonly orders: readonly (RegistryOrder | undefined)[];
  readonly hasCount: boolean;
  /** All leaves of its nodes, because a page reads only the columns that it is asked for. */
  readonly leaves: string;
}

/** All lists of a schema, so that a new one, or a new filter, is tried without being named. @throws Error for a filter without a sample */
export function listsOf(schema: GraphQLSchema): SchemaList[] {
  return Object.values(schema.getQueryType()?.getFields() ?? {})
    .filter(({ args }) => args.some(({ name }) => name === 'first'))
    .map(({ name, args, type }) => {
      const typeOf = (argument: string) => args.find((each) => each.name === argument)?.type;
      const page = getNamedType(type);
      return {
        name,
        filters: filtersOf(typeOf('filter')),
        orders: ordersOf(typeOf('orderBy')),
        hasCount: isObjectType(page) && 'totalCount' in page.getFields(),
        leaves: leavesOf(page),
      };
    });
}

function filtersOf(type: GraphQLInputType | undefined): readonly Filter[] {
  const input = type && getNamedType(type);
  if (!isInputObjectType(input)) return [{}];
  const single = Object.values(input.getFields()).flatMap((field) =>
    samplesOf(input.name, field).map((value) => ({ [field.name]: value })),
  );
  return [{}, ...single, ...(TOGETHER[input.name] ?? [])];
}

function samplesOf(typeName: string, field: GraphQLInputField): readonly unknown[] {
  const samples = SAMPLES[`${typeName}.${field.name}`] ?? valuesOf(field.type);
  if (samples === undefined) throw new Error(`give samples of ${typeName}.${field.name}`);
  return samples;
}

function valuesOf(type: GraphQLInputType): readonly unknown[] | undefined {
  const named = getNamedType(type);
  if (isEnumType(named) && String(type).replace('!', '') === named.name)
    return named.getValues().map(({ name }) => name);
  if (isScalarType(named) && named.name === 'Boolean') return [true, false];
  return undefined;
}

function ordersOf(type: GraphQLInputType | undefined): readonly (RegistryOrder | undefined)[] {
  const input = type && getNamedType(type);
  if (!isInputObjectType(input)) return [undefined];
  const { field, direction } = input.getFields();
  const fields = field ? (valuesOf(field.type) ?? []) : [];
  const directions = direction ? (valuesOf(direction.type) ?? []) : [];
  return fields.flatMap((each) => directions.map((way) => ({ field: each, direction: way }) as RegistryOrder));
}

function leavesOf(page: GraphQLNamedType): string {
  const node = isObjectType(page) && getNamedType(page.getFields().nodes?.type);
  if (!isObjectType(node)) throw new Error(`${page.name} has no nodes`);
  const leaves = Object.values(node.getFields()).filter(({ type }) => !isObjectType(getNamedType(type)));
  return leaves.map(({ name }) => name).join(' ');
}
