import {
  type GraphQLField,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isListType,
  isObjectType,
} from 'graphql';
import { Extensions } from 'type-graphql';

/** For a text that can be longer than 255 characters: its largest size in an answer. */
export function MaxBytes(bytes: number): PropertyDecorator & MethodDecorator {
  return Extensions({ maxBytes: bytes });
}

/** For a list that is not a page: how many items it has at most. */
export function MaxItems(items: number): PropertyDecorator & MethodDecorator {
  return Extensions({ maxItems: items });
}

type Field = GraphQLField<unknown, unknown>;

/** Texts have at most 255 characters, if `MaxBytes` does not say otherwise, and few of these take several bytes. */
const TEXT_BYTES = 400;
const LEAF_BYTES: Readonly<Record<string, number>> = { Boolean: 5, DateTime: 26, Float: 24, ID: 130, Int: 11 };
const ENUM_BYTES = 40;
const OBJECT_BYTES = 3;
/** For a field that the schema does not have: validation refuses the document. */
const UNKNOWN_BYTES = TEXT_BYTES;

/** The largest value of a field, without the fields selected from it. */
export function largestValue(field: Field | undefined): number {
  if (field === undefined) return UNKNOWN_BYTES;
  const declared = numberIn(field, 'maxBytes');
  if (declared !== undefined) return declared;
  const type = getNamedType(field.type);
  if (isEnumType(type)) return ENUM_BYTES;
  return isObjectType(type) ? OBJECT_BYTES : (LEAF_BYTES[type.name] ?? TEXT_BYTES);
}

/** `page`: as many items as the page has that its field, or the field around it, was asked for. */
export function listLength(field: Field | undefined): number | 'page' {
  if (field === undefined || !isList(field.type)) return 1;
  return numberIn(field, 'maxItems') ?? 'page';
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(getNullableType(type));
}

function numberIn({ extensions }: Field, name: string): number | undefined {
  const value = extensions[name];
  return typeof value === 'number' ? value : undefined;
}
