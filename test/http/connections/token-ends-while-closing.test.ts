import { afterEach, describe, expect, it } from 'vitest';
import type { Revocations } from '../../../src/application/ports/authenticator.ts';
import { type Follower, follow, TRANSPORTS } from '../../support/follower.ts';
import { type HttpService, type HttpServiceOptions, startHttpService } from '../../support/http-service.ts';
import { type OutlastingToken, outlasting } from '../../support/outlasting-token.ts';
import { stallDuring } from '../../support/stall.ts';

/** How long after the end of its token a connection may be there. */
const BOUND_MS = 1_000;
const NOTICES = 'subscription ($after: String) { rotationNotices(projectId: "demo", after: $after) { message } }';
/** More than the buffers of the operating system take. */
const EVENTS = 400;

let service: HttpService;
const opened: Follower[] = [];
afterEach(async () => {
  for (const follower of opened.splice(0)) follower.cut();
  await service.server.close();
});

/** A client that reads nothing, so it answers no close. */
async function stalled(transport: Follower['transport'], token: string): Promise<Follower> {
  const follower = await follow(transport, service.url, token, { query: NOTICES });
  opened.push(follower);
  await expect.poll(() => service.double.openFeeds).toBe(1);
  follower.stall();
  for (let index = 0; index < EVENTS; index += 1) {
    service.double.publishNotice('demo', { message: 'x'.repeat(50_000) });
  }
  return follower;
}

/** Resolves when it was closed for being slow. */
async function givenUp(transport: Follower['transport'], token: string): Promise<Follower> {
  const follower = await stalled(transport, token);
  await expect.poll(() => service.double.openFeeds, { interval: 10 }).toBe(0);
  return follower;
}

async function openConnections(): Promise<number> {
  const { text } = await service.metrics.exposition();
  return [...text.matchAll(/^purser_(?:websockets|event_streams) (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
}

interface Gone {
  readonly at: number;
  /** For how long, at most, the machine kept the process from looking. */
  readonly stalledMs: number;
}

/** Resolves when no connection is there any more. */
async function gone(): Promise<Gone> {
  const stalledMs = await stallDuring(() => expect.poll(openConnections, { interval: 10 }).toBe(0));
  return { at: Date.now(), stalledMs };
}

function expectInTime({ at, stalledMs }: Gone, since: number): void {
  expect(at).toBeGreaterThanOrEqual(since);
  expect(at - stalledMs).toBeLessThan(since + BOUND_MS);
}

/** A token that outlasts this. */
function outlastingAll(open: (token: string) => Promise<Follower>): Promise<OutlastingToken> {
  return outlasting(service.issuer, async (lasting) => {
    (await open(lasting)).cut();
    await gone();
  });
}

async function serve(options: HttpServiceOptions = {}): Promise<void> {
  service = await startHttpService(options);
}

describe.each(TRANSPORTS)('a client that does not read (%s)', (transport) => {
  it('is cut within a second after its token has expired', async () => {
    await serve();
    const { token, expiresAt } = await outlastingAll((lasting) => stalled(transport, lasting));
    await stalled(transport, token);
    expect(await openConnections()).toBe(1);
    expectInTime(await gone(), expiresAt);
  });

  it('is cut at once if its token expires after it was closed for being slow', async () => {
    await serve({ config: { keepAliveMs: 100 } });
    const { token, expiresAt } = await outlastingAll((lasting) => givenUp(transport, lasting));
    await givenUp(transport, token);
    expect([await openConnections(), Date.now() < expiresAt]).toEqual([1, true]);
    expectInTime(await gone(), expiresAt);
  });

  it('is cut at once if its token is revoked after it was closed for being slow', async () => {
    let isRevoked = false;
    const listeners: (() => void)[] = [];
    const revocations: Revocations = {
      isRevoked: () => isRevoked,
      onChange: (listener) => void listeners.push(listener),
    };
    await serve({ deps: { revocations }, config: { keepAliveMs: 100 } });
    await givenUp(transport, service.issuer.token());
    expect(await openConnections()).toBe(1);
    isRevoked = true;
    const revokedAt = Date.now();
    for (const listener of listeners) listener();
    expectInTime(await gone(), revokedAt);
  });
});
