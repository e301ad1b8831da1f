import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { canary } from '../support/canary.ts';
import { type PurserOptions, startPurser, type TestPurser } from '../support/purser.ts';
import {
  aWebhookSecret,
  type Received,
  type Receiver,
  startReceiver,
  statuses,
  verified,
  webhookEnvironment,
} from '../support/webhook-receiver.ts';
import { AUDIT, CREATE, DELETE, ROTATE } from './operations.ts';

const DELIVERIES = `query ($projectId: ID!, $state: WebhookDeliveryState, $webhook: String, $first: Int, $after: String) {
  webhookDeliveries(projectId: $projectId, state: $state, webhook: $webhook, first: $first, after: $after) {
    nodes { id webhook state eventId kind registryId url attempts lastFault lastStatusClass nextAttemptAt endedAt }
    pageInfo { hasNextPage endCursor }
  }
}`;
const REPLAY = `mutation ($projectId: ID!, $id: ID!) {
  replayWebhookDelivery(projectId: $projectId, id: $id) { id state attempts endedAt }
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

describe('what people see of deliveries', () => {
  it('is what failed and why, by state, page by page, and nothing of the URL or the answer', async () => {
    const chat = await receiver((response) => response.writeHead(500).end(canary('answer')));
    const purser = await purserWith({ environment: webhookEnvironment({ chat }) });
    const id = await aRegistry(purser, 'seen.example');
    for (let round = 0; round < 3; round += 1) await rotate(purser, id);
    await expect.poll(() => chat.received.length).toBe(3);
    await expect
      .poll(async () => (await deliveries(purser)).map(({ lastFault }) => lastFault))
      .toEqual(Array(3).fill('SERVER_ERROR'));
    expect(await deliveries(purser, { state: 'PENDING', webhook: 'chat' })).toHaveLength(3);
    expect(await deliveries(purser, { state: 'DEAD_LETTER' })).toEqual([]);
    expect(await deliveries(purser, { webhook: 'pager' })).toEqual([]);

    const first = await purser.graphql(DELIVERIES, { projectId: 'demo', first: 2 });
    const { nodes, pageInfo } = first.data.webhookDeliveries;
    expect([nodes.length, pageInfo.hasNextPage]).toEqual([2, true]);
    const rest = await deliveries(purser, { after: pageInfo.endCursor });
    expect(rest).toHaveLength(1);
    const { errors } = await purser.graphql(DELIVERIES, {
      projectId: 'demo',
      after: pageInfo.endCursor,
      state: 'PENDING',
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });

    const path = new URL(chat.url).pathname;
    const { data } = await purser.graphql(WEBHOOKS);
    expect(JSON.stringify([first, data])).not.toContain(path);
    const other = purser.token({ projects: { other: Object.values(PERMISSIONS) } });
    expect((await purser.graphql(DELIVERIES, { projectId: 'other' }, other)).data.webhookDeliveries.nodes).toEqual([]);
  });
});

describe('replayWebhookDelivery', () => {
  it('has a delivery sent again with the same id, and is in the audit log', async () => {
    const chat = await receiver(statuses(410, 200));
    const purser = await purserWith({ environment: webhookEnvironment({ chat }) });
    const id = await aRegistry(purser, 'replayed.example');
    await rotate(purser, id);
    await expect.poll(() => deliveries(purser)).toMatchObject([{ state: 'DEAD_LETTER', lastFault: 'GONE' }]);
    expect((await purser.graphql(WEBHOOKS)).data.webhooks[0].disabledAt).not.toBeNull();
    const [dead] = await deliveries(purser);

    const { data } = await purser.graphql(REPLAY, { projectId: 'demo', id: dead.id });
    expect(data.replayWebhookDelivery).toMatchObject({ id: dead.id, state: 'PENDING', attempts: 0, endedAt: null });
    await expect.poll(() => deliveries(purser)).toMatchObject([{ id: dead.id, state: 'DELIVERED', attempts: 1 }]);
    expect(chat.received.map(({ id: sent }) => sent)).toEqual([dead.eventId, dead.eventId]);
    expect((await purser.graphql(WEBHOOKS)).data.webhooks[0].disabledAt).toBeNull();

    const audit = await purser.graphql(AUDIT, { filter: { action: 'REPLAY_WEBHOOK_DELIVERY' } });
    expect(audit.data.auditLog.nodes).toMatchObject([
      { outcome: 'SUCCEEDED', registryId: id, url: 'replayed.example' },
    ]);
    expect(audit.data.auditLog.nodes[0].changes).toEqual([
      { field: 'webhook', from: null, to: 'chat' },
      { field: 'delivery', from: null, to: dead.id },
    ]);
  });

  it('is refused, and recorded, for what is not of this project, not there, or no longer configured', async () => {
    const chat = await receiver();
    const purser = await purserWith({ environment: webhookEnvironment({ chat }) });
    await rotate(purser, await aRegistry(purser, 'refused.example'));
    await expect.poll(() => deliveries(purser)).toMatchObject([{ state: 'DELIVERED' }]);
    const [delivery] = await deliveries(purser);
    const other = purser.token({ projects: { other: Object.values(PERMISSIONS) } });
    const refusals = [
      await purser.graphql(REPLAY, { projectId: 'other', id: delivery.id }, other),
      await purser.graphql(REPLAY, { projectId: 'other', id: randomUUID() }, other),
      await purser.graphql(REPLAY, { projectId: 'demo', id: 'x' }),
    ];
    expect(refusals.map(({ errors }) => errors?.[0]?.message)).toEqual(
      Array(3).fill('There is no such delivery in this project.'),
    );
    const read = purser.token({ projects: { demo: [PERMISSIONS.registryRead] } });
    const denied = await purser.graphql(REPLAY, { projectId: 'demo', id: delivery.id }, read);
    expect(denied.errors?.[0]?.extensions.code).toBe('FORBIDDEN');

    for (const environment of [{ WEBHOOKS: '[]' }, webhookEnvironment({ chat }, { kinds: ['DELETED'] })]) {
      const changed = await purserWith({ replicaOf: purser, environment });
      const gone = await changed.graphql(REPLAY, { projectId: 'demo', id: delivery.id });
      expect(gone.errors?.[0]).toMatchObject({
        message: 'The webhook chat no longer hears of ROTATED in this project: ask the operator.',
        extensions: { code: 'BAD_USER_INPUT', field: 'id' },
      });
    }
    const audit = await purser.graphql(AUDIT, { filter: { action: 'REPLAY_WEBHOOK_DELIVERY' } });
    expect(
      audit.data.auditLog.nodes.map(({ outcome, code }: { outcome: string; code: string }) => [outcome, code]),
    ).toEqual([
      ['FAILED', 'BAD_USER_INPUT'],
      ['FAILED', 'BAD_USER_INPUT'],
      ['DENIED', 'FORBIDDEN'],
      ['FAILED', 'NOT_FOUND'],
    ]);
  });
});

it('a fault in WEBHOOKS stops the start, and says where it is', async () => {
  const WEBHOOKS = JSON.stringify([
    { name: 'chat', url: 'http://chat.example/', secret: aWebhookSecret(), projects: 'all' },
  ]);
  await expect(startPurser({ environment: { WEBHOOKS } })).rejects.toThrow(
    'WEBHOOKS[0].url: must begin with https://, unless PLAIN_HTTP_HOSTS names its host: chat.example',
  );
});

it('a second replica sends nothing twice, and goes on when the first stops', async () => {
  const chat = await receiver();
  const purser = await startPurser({ environment: webhookEnvironment({ chat }) });
  const second = await purserWith({ replicaOf: purser });
  const id = await aRegistry(purser, 'shared.example');
  for (let round = 0; round < 5; round += 1) await rotate(round % 2 === 0 ? purser : second, id);
  await expect.poll(() => chat.received.length).toBe(5);
  await purser.stop();
  for (let round = 0; round < 5; round += 1) await rotate(second, id);
  await expect.poll(() => chat.received.length).toBe(10);
  expect(new Set(chat.received.map((each) => each.id)).size).toBe(10);
});

it('metrics tell attempts by outcome, and the queue on the leading replica', async () => {
  const chat = await receiver(statuses(500));
  const purser = await purserWith({ environment: webhookEnvironment({ chat }) });
  const metric = async (name: string) => {
    const text = await (await fetch(`${purser.metricsUrl}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(name))
        ?.split(' ')
        .at(-1),
    );
  };
  await rotate(purser, await aRegistry(purser, 'measured.example'));
  await expect.poll(() => metric('purser_webhook_attempts_total{outcome="SERVER_ERROR"}')).toBeGreaterThan(0);
  await expect.poll(() => metric('purser_webhook_queue')).toBe(1);
  expect(await metric('purser_webhook_oldest_seconds')).toBeGreaterThan(0);
  expect((await fetch(`${purser.url}/readyz`)).status).toBe(200);
});

// biome-ignore lint/suspicious/noExplicitAny: an answer of GraphQL
async function deliveries(purser: TestPurser, variables: Record<string, unknown> = {}): Promise<any[]> {
  const { data } = await purser.graphql(DELIVERIES, { projectId: 'demo', ...variables });
  return data.webhookDeliveries.nodes;
}
