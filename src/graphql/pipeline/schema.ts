import 'reflect-metadata';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { type GraphQLSchema, lexicographicSortSchema, specifiedDirectives } from 'graphql';
import { buildSchema, type NonEmptyArray } from 'type-graphql';
import { AuditQueries } from '../audit/audit-queries.ts';
import { AuditConnectionFields, AuditEntryFields } from '../audit/audit-types.ts';
import { IssuedCredentialFields, LeaseMutations } from '../lease/lease-mutations.ts';
import { LeaseQueries } from '../lease/lease-queries.ts';
import { RotationNoticeQueries } from '../notices/rotation-notices.ts';
import { ImageQueries } from '../registry/image-resolution.ts';
import { RegistryPresetQueries } from '../registry/presets.ts';
import { RegistryConnectionFields } from '../registry/registry-connection.ts';
import { RegistryMutations } from '../registry/registry-mutations.ts';
import { RegistryQueries } from '../registry/registry-queries.ts';
import { RegistryTestMutations } from '../registry/registry-tests.ts';
import { RegistryFields } from '../registry/registry-types.ts';
import { authenticatedDirective, enforcePolicies, requiresPermissionDirective } from './directive.ts';
import { Subscriptions } from './subscriptions.ts';
import { ViewerQueries } from './viewer.ts';

// biome-ignore lint/complexity/noBannedTypes: TypeGraphQL's own type for resolver classes
export const RESOLVERS: NonEmptyArray<Function> = [
  ViewerQueries,
  RegistryPresetQueries,
  RegistryQueries,
  RegistryFields,
  RegistryConnectionFields,
  RegistryMutations,
  RegistryTestMutations,
  ImageQueries,
  LeaseQueries,
  LeaseMutations,
  IssuedCredentialFields,
  RotationNoticeQueries,
  AuditQueries,
  AuditEntryFields,
  AuditConnectionFields,
  Subscriptions,
];

/**
 * The schema with a guard before every root field.
 * @throws PolicyError where a root field has no policy
 */
// biome-ignore lint/complexity/noBannedTypes: TypeGraphQL's own type for resolver classes
export async function buildPurserSchema(resolvers: NonEmptyArray<Function> = RESOLVERS): Promise<GraphQLSchema> {
  const schema = await buildSchema({
    resolvers,
    directives: [...specifiedDirectives, requiresPermissionDirective, authenticatedDirective],
    validate: false,
    // Apollo Server checks the schema as well; this check by introspection would take a fifteenth of the start.
    skipCheck: true,
    pubSub: UNUSED_PUB_SUB,
  });
  return enforcePolicies(schema);
}

/** TypeGraphQL asks for one even where every subscription brings its own source. */
const UNUSED_PUB_SUB = {
  subscribe(): never {
    throw new Error('subscriptions read from the feeds');
  },
  publish(): never {
    throw new Error('subscriptions read from the feeds');
  },
};

/** The schema as a document, with the uses of its directives, in one order. */
export function printPurserSchema(schema: GraphQLSchema): string {
  return `${printSchemaWithDirectives(lexicographicSortSchema(schema)).trim()}\n`;
}
