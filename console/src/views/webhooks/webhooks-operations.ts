import { graphql } from '../../api/generated/gql.ts';

export const WEBHOOKS_OF_PROJECT = graphql(`
  query WebhooksOfProject($projectId: ID!) {
    webhooks(projectId: $projectId) {
      ...ShownWebhook
    }
  }

  fragment ShownWebhook on Webhook {
    name
    host
    kinds
    disabledAt
    pausedUntil
  }
`);

export const DELIVERIES_PAGE = graphql(`
  query DeliveriesPage($projectId: ID!, $state: WebhookDeliveryState, $webhook: String, $after: String) {
    webhookDeliveries(projectId: $projectId, state: $state, webhook: $webhook, first: 25, after: $after) {
      pageInfo {
        endCursor
        hasNextPage
      }
      nodes {
        ...ShownDelivery
      }
    }
  }

  fragment ShownDelivery on WebhookDelivery {
    id
    eventId
    kind
    registryId
    url
    webhook
    state
    attempts
    occurredAt
    createdAt
    endedAt
    lastAttemptAt
    nextAttemptAt
    lastFault
    lastStatusClass
  }
`);

export const REPLAY_DELIVERY = graphql(`
  mutation ReplayDelivery($projectId: ID!, $id: ID!) {
    replayWebhookDelivery(projectId: $projectId, id: $id) {
      id
      state
    }
  }
`);
