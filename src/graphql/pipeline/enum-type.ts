import { registerEnumType } from 'type-graphql';

/** Declares a GraphQL enum whose values are their own names, as the domain's unions of strings have them. */
export function enumType<const Values extends readonly string[]>(
  name: string,
  values: Values,
  description?: string,
): { readonly [Value in Values[number]]: Value } {
  const members = Object.fromEntries(values.map((value) => [value, value])) as {
    readonly [Value in Values[number]]: Value;
  };
  registerEnumType(members, { name, ...(description === undefined ? {} : { description }) });
  return members;
}
