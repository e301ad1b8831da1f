import { afterEach, expect, it } from 'vitest';
import { type HttpService, post, startHttpService } from '../../support/http-service.ts';
import { connected, type SocketClient } from '../../support/socket-client.ts';

const NOTICES = {
  query: 'subscription { rotationNotices(projectId: "demo") { credentialVersion url kind message cursor } }',
};
const EVENTS = 20;
const COST_PER_SECOND = 400;
/** Costs what a caller may spend at once. */
const COSTLY = `{ viewer { subject } } ${'# '.repeat(10_000)}`;

let service: HttpService;
afterEach(() => service.server.close());

const eventsOf = ({ messages }: SocketClient): unknown[] =>
  messages.filter(({ type }) => type === 'next').map(({ payload }) => payload);

async function subscribed(subject: string): Promise<SocketClient> {
  const before = service.double.openFeeds;
  const client = await connected(service.socketUrl, service.issuer.token({ subject }));
  client.subscribe('1', NOTICES);
  await expect.poll(() => service.double.openFeeds, { interval: 2 }).toBe(before + 1);
  return client;
}

it('events are charged to their caller: beyond its budget they come later, none is left out, and others wait for nothing', async () => {
  service = await startHttpService({ graphql: { callerCostPerSecond: COST_PER_SECOND } });
  const [hungry, modest] = [await subscribed('hungry'), await subscribed('modest')];
  await post(service.url, { query: COSTLY }, service.issuer.token({ subject: 'hungry' }));
  for (let index = 0; index < EVENTS; index += 1) service.double.publishNotice('demo');

  await expect.poll(() => eventsOf(modest).length, { interval: 2 }).toBe(EVENTS);
  expect(eventsOf(hungry).length).toBeLessThan(EVENTS);
  await expect.poll(() => eventsOf(hungry).length).toBe(EVENTS);
  expect(eventsOf(hungry)).toEqual(eventsOf(modest));
});
