import { GraphQLScalarType, Kind } from 'graphql';
import { type Instant, parseInstant } from '../../domain/instant.ts';

/** Not a GraphQLError, so that validation wraps it and adds its location in the document. */
export class InvalidDateTime extends Error {
  override readonly name = 'InvalidDateTime';
}

function instantFrom(value: unknown): Instant {
  const instant = typeof value === 'string' ? parseInstant(value) : undefined;
  if (instant === undefined) throw new InvalidDateTime('Expected a date and time with a time zone.');
  return instant;
}

/** Input: RFC 3339 with a zone. Output: the stored text as it is, so that lists of registries need not parse dates. */
export const DateTime = new GraphQLScalarType<Instant, Instant>({
  name: 'DateTime',
  description: 'A point in time in RFC 3339 format. Answers are in UTC with milliseconds: `2030-01-31T09:00:00.000Z`.',
  serialize: (value) => value as Instant,
  parseValue: instantFrom,
  parseLiteral: (node) => instantFrom(node.kind === Kind.STRING ? node.value : undefined),
});
