import { Arg, Ctx, Directive, ID, Mutation, Query, Resolver } from 'type-graphql';
import { type DeliveryState, MAX_WEBHOOKS } from '../../domain/webhook.ts';
import { type CursorScope, decodeSequence } from '../paging/cursors.ts';
import { After, First } from '../paging/page-arguments.ts';
import { pageSize } from '../paging/page-size.ts';
import { MaxItems } from '../pipeline/answer-size.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { ProjectId } from '../pipeline/id-arguments.ts';
import {
  DeliveryStateEnum,
  WebhookDeliveryConnectionObject,
  WebhookDeliveryObject,
  WebhookObject,
} from './webhook-types.ts';

const DEFAULT_PAGE_SIZE = 20;

@Resolver()
export class WebhookResolver {
  @MaxItems(MAX_WEBHOOKS)
  @Query(() => [WebhookObject], {
    description: 'The webhooks that hear of this project, as the operator configured them.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async webhooks(
    @Ctx() { services: { queries } }: GraphqlContext,
    @ProjectId() projectId: string,
  ): Promise<WebhookObject[]> {
    return [...(await queries.webhooks.webhooks(projectId))];
  }

  @Query(() => WebhookDeliveryConnectionObject, {
    description:
      'Notices of a project on their way to webhooks, newest first. They are kept for 30 days after they ended.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:read")')
  async webhookDeliveries(
    @Ctx() { services: { queries, cursors } }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('state', () => DeliveryStateEnum, {
      nullable: true,
      description: 'Only deliveries in this state. Omit it to list all.',
    })
    state: DeliveryState | null | undefined,
    @Arg('webhook', () => String, { nullable: true, description: 'Only deliveries to the webhook of this name.' })
    webhook: string | null | undefined,
    @First(DEFAULT_PAGE_SIZE) first: number | null | undefined,
    @After() after: string | null | undefined,
  ): Promise<WebhookDeliveryConnectionObject> {
    const filter = { state: state ?? undefined, webhook: webhook ?? undefined };
    const scope: CursorScope = { of: 'deliveries', projectId, selection: JSON.stringify(filter) };
    const { deliveries, hasNextPage } = await queries.webhooks.deliveries(projectId, {
      filter,
      first: pageSize(first, DEFAULT_PAGE_SIZE),
      before: decodeSequence(cursors, scope, after),
    });
    const last = deliveries.at(-1);
    const endCursor = last === undefined ? null : cursors.encode(scope, String(last.sequence));
    return { nodes: deliveries, pageInfo: { hasNextPage, endCursor } };
  }

  @Mutation(() => WebhookDeliveryObject, {
    description:
      'Has a notice sent to its webhook once more, at once and with the same `webhook-id`, and with all attempts if it fails. Enables the webhook if it was disabled.',
  })
  @Directive('@requiresPermission(permission: "iam:project:cicd:registry:write")')
  replayWebhookDelivery(
    @Ctx() { services, request }: GraphqlContext,
    @ProjectId() projectId: string,
    @Arg('id', () => ID, { description: 'The delivery, by its `id`.' }) id: string,
  ): Promise<WebhookDeliveryObject> {
    return services.application.replayWebhookDelivery(request, projectId, id);
  }
}
