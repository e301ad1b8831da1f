import { afterEach, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { type PurserOptions, startPurser, type TestPurser } from '../support/purser.ts';
import {
  type Received,
  type Receiver,
  startReceiver,
  verified,
  webhookEnvironment,
} from '../support/webhook-receiver.ts';
import { CREATE, DELETE, ROTATE } from './operations.ts';

const DELIVERIES = `query ($projectId: ID!, $state: WebhookDeliveryState, $webhook: String, $after: String) {
  webhookDeliveries(projectId: $projectId, state: $state, webhook: $webhook, after: $after) {
    nodes { id webhook state eventId kind registryId url attempts lastFault lastStatusClass nextAttemptAt endedAt }
    pageInfo { hasNextPage endCursor }
  }
}`;
const WEBHOOKS = '{ webhooks(projectId: "demo") { name host kinds disabledAt pausedUntil } }';
const NOTICES = '{ rotationNotices(projectId: "demo") { nodes { cursor kind message } } }';

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...args);
  opened.push(started);
  return started;
}

async function purserWith(options: PurserOptions): Promise<TestPurser> {
  const purser = await startPurser(options);
  opened.push({ [Symbol.asyncDispose]: () => purser.stop() });
  return purser;
}

async function aRegistry(purser: TestPurser, url: string): Promise<string> {
  const { data } = await purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('webhook') } });
  return data.createRegistry.registry.id;
}

const rotate = (purser: TestPurser, id: string) =>
  purser.graphql(ROTATE, { id, input: { password: canary('webhook') } });

const kindsOf = (received: readonly Received[]) =>
  received.map(({ body }) => (JSON.parse(body) as { data: { kind: string } }).data.kind);

describe('a webhook', () => {
  it('hears each notice as a signed CloudEvents event, with no secret in it', async () => {
    const chat = await receiver();
    const purser = await purserWith({ environment: webhookEnvironment({ chat }) });
    const id = await aRegistry(purser, 'heard.example');
    await rotate(purser, id);
    await purser.graphql(DELETE, { id });
    await expect.poll(() => kindsOf(chat.received)).toEqual(['ROTATED', 'DELETED']);

    const [rotated] = chat.received.map((each) => verified(each, chat.secret));
    const { data: notices } = await purser.graphql(NOTICES);
    const notice = notices.rotationNotices.nodes[1];
    expect(rotated).toMatchObject({
      type: 'dev.purser.credential.rotated',
      source: '/purser/projects/demo',
      subject: id,
      data: { kind: 'ROTATED', url: 'heard.example', credentialVersion: 2, ...notice },
    });
    expect(chat.received[0]?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');

    await expect
      .poll(async () => (await deliveries(purser)).map(({ state }) => state))
      .toEqual(['DELIVERED', 'DELIVERED']);
    expect(await deliveries(purser)).toMatchObject([
      { webhook: 'chat', kind: 'DELETED', attempts: 1, lastFault: null, lastStatusClass: 2, nextAttemptAt: null },
      { webhook: 'chat', kind: 'ROTATED', eventId: chat.received[0]?.id, registryId: id, url: 'heard.example' },
    ]);
  });

  it('hears only of its projects and its kinds', async () => {
    const [mine, others, deletions] = [await receiver(), await receiver(), await receiver()];
    const { EGRESS_ALLOW, PLAIN_HTTP_HOSTS } = webhookEnvironment({ mine, others, deletions });
    const entry = (name: string, { url, secret }: Receiver, projects: unknown, kinds: unknown) => ({
      ...{ name, url, secret, projects, kinds },
    });
    const webhooks = [
      entry('mine', mine, ['demo', 'other'], 'all'),
      entry('others', others, ['other'], 'all'),
      entry('deletions', deletions, 'all', ['DELETED']),
    ];
    const environment = { EGRESS_ALLOW, PLAIN_HTTP_HOSTS, WEBHOOKS: JSON.stringify(webhooks) } as Record<
      string,
      string
    >;
    const purser = await purserWith({ environment });
    const id = await aRegistry(purser, 'filtered.example');
    await rotate(purser, id);
    await purser.graphql(DELETE, { id });
    await expect.poll(() => kindsOf(mine.received)).toEqual(['ROTATED', 'DELETED']);
    await expect.poll(() => kindsOf(deletions.received)).toEqual(['DELETED']);
    expect(others.received).toEqual([]);

    const { data } = await purser.graphql(WEBHOOKS);
    expect(data.webhooks).toEqual([
      { name: 'mine', host: mine.host, kinds: null, disabledAt: null, pausedUntil: null },
      { name: 'deletions', host: deletions.host, kinds: ['DELETED'], disabledAt: null, pausedUntil: null },
    ]);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: an answer of GraphQL
async function deliveries(purser: TestPurser, variables: Record<string, unknown> = {}): Promise<any[]> {
  const { data } = await purser.graphql(DELIVERIES, { projectId: 'demo', ...variables });
  return data.webhookDeliveries.nodes;
}
