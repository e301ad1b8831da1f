import 'reflect-metadata';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { type GraphQLSchema, lexicographicSortSchema, OperationTypeNode, specifiedDirectives } from 'graphql';
import { buildSchema, type NonEmptyArray } from 'type-graphql';
import { AuditHeadResolver } from './audit/audit-heads.ts';
import { AuditHistogramResolver } from './audit/audit-histogram.ts';
import { AuditLogResolver } from './audit/audit-queries.ts';
import { RegistryHistoryResolver } from './audit/registry-history.ts';
import { CalendarResolver } from './calendar/calendar-resolver.ts';
import { ChangeImpactResolver } from './lease/change-impact.ts';
import { IssuedCredentialResolver, IssuedCredentialsResolver } from './lease/issued-credential.ts';
import { LeaseMutationResolver } from './lease/lease-mutations.ts';
import { LeaseListResolver } from './lease/lease-queries.ts';
import { RevokeLeasesResolver } from './lease/revoked-leases.ts';
import { RegistryChangeResolver } from './notices/registry-changes.ts';
import { RotationNoticeResolver } from './notices/rotation-notices.ts';
import { enforcePolicies } from './pipeline/directive.ts';
import { authenticatedDirective, requiresPermissionDirective } from './pipeline/policy.ts';
import { DailyUseResolver } from './registry/daily-use.ts';
import { ImageResolver } from './registry/image-resolution.ts';
import { PipelineLinkResolver } from './registry/pipeline-links.ts';
import { RegistryPresetResolver } from './registry/presets.ts';
import { RegistryListResolver } from './registry/registry-list.ts';
import { RegistryMutationResolver } from './registry/registry-mutations.ts';
import { RegistryPayloadResolver } from './registry/registry-payload.ts';
import { RegistryResolver } from './registry/registry-queries.ts';
import { RegistryTestResolver } from './registry/registry-tests.ts';
import { StagedRotationResolver } from './registry/staged-rotation.ts';
import { TrustRulePresetResolver } from './trust/trust-presets.ts';
import { TrustResolver } from './trust/trust-resolver.ts';
import { ViewerResolver } from './viewer.ts';
import { WebhookResolver } from './webhooks/webhook-resolver.ts';

/** All resolvers. List a new one here; nothing else is needed. */
// biome-ignore lint/complexity/noBannedTypes: TypeGraphQL's own type for resolver classes
export const RESOLVERS: NonEmptyArray<Function> = [
  ViewerResolver,
  RegistryPresetResolver,
  RegistryResolver,
  RegistryListResolver,
  DailyUseResolver,
  RegistryMutationResolver,
  StagedRotationResolver,
  RegistryTestResolver,
  ImageResolver,
  RegistryPayloadResolver,
  PipelineLinkResolver,
  ChangeImpactResolver,
  LeaseListResolver,
  RevokeLeasesResolver,
  LeaseMutationResolver,
  IssuedCredentialResolver,
  IssuedCredentialsResolver,
  RotationNoticeResolver,
  CalendarResolver,
  WebhookResolver,
  TrustResolver,
  TrustRulePresetResolver,
  RegistryChangeResolver,
  AuditLogResolver,
  AuditHeadResolver,
  AuditHistogramResolver,
  RegistryHistoryResolver,
];

/**
 * The schema with a guard before every root field.
 * @throws PolicyError if a root field has no policy
 */
// biome-ignore lint/complexity/noBannedTypes: TypeGraphQL's own type for resolver classes
export async function buildPurserSchema(resolvers: NonEmptyArray<Function> = RESOLVERS): Promise<GraphQLSchema> {
  const schema = await buildSchema({
    resolvers,
    directives: [...specifiedDirectives, requiresPermissionDirective, authenticatedDirective],
    validate: false,
    // Apollo Server checks the schema as well. This check by introspection would take a fifteenth of the start time.
    skipCheck: true,
    pubSub: UNUSED_PUB_SUB,
  });
  describeRoots(schema);
  return enforcePolicies(schema);
}

/** TypeGraphQL has no place for the descriptions of these types. */
function describeRoots(schema: GraphQLSchema): void {
  const root = (operation: OperationTypeNode, description: string) => {
    const type = schema.getRootType(operation);
    if (type) type.description = description;
  };
  root(OperationTypeNode.QUERY, 'What can be read. A read changes nothing.');
  root(OperationTypeNode.MUTATION, 'What can be done. The event that records it is durable before the answer.');
  root(OperationTypeNode.SUBSCRIPTION, 'What can be followed, over WebSocket with graphql-transport-ws.');
}

/** TypeGraphQL requires one even though every subscription has its own source. */
const UNUSED_PUB_SUB = {
  subscribe(): never {
    throw new Error('subscriptions read from the feeds');
  },
  publish(): never {
    throw new Error('subscriptions read from the feeds');
  },
};

/** The schema as a sorted document, with the uses of its directives. */
export function printPurserSchema(schema: GraphQLSchema): string {
  return `${printSchemaWithDirectives(lexicographicSortSchema(schema)).trim()}\n`;
}
