import { registerEnumType } from 'type-graphql';

interface Described {
  readonly description: string;
}

/**
 * Declares a GraphQL enum from a union of strings, with a description for each value: `enumType<Verdict>(…)`. A new
 * value in the union does not compile until it is described here.
 */
export function enumType<Value extends string>(
  name: string,
  description: string,
  values: Readonly<Record<Value, string | Described>>,
): Readonly<Record<Value, Value>> {
  const names = Object.keys(values) as Value[];
  const members = Object.fromEntries(names.map((value) => [value, value])) as Record<Value, Value>;
  const valuesConfig = Object.fromEntries(
    Object.entries<string | Described>(values).map(([value, text]) => [
      value,
      typeof text === 'string' ? { description: text } : { description: text.description },
    ]),
  ) as Record<Value, { description: string }>;
  registerEnumType(members, { name, description, valuesConfig });
  return members;
}
