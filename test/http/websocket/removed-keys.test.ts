import { afterEach, beforeEach, expect, it } from 'vitest';
import { FETCH_TIMEOUT_MS, LOOK_EVERY_MS, OUTAGE_LIMIT_MS, REFRESH_AFTER_MS } from '../../../src/adapters/auth/jwks.ts';
import type { Authenticator } from '../../../src/application/ports/authenticator.ts';
import { KEY_CHECK_MS } from '../../../src/http/connections/open-connections.ts';
import { forge, jwk, type KeyName, NOW } from '../../adapters/auth/forge.ts';
import { type PublishingIssuer, startPublishingIssuer } from '../../adapters/auth/jwks-fixture.ts';
import { type HttpService, startHttpService } from '../../support/http-service.ts';
import { connected, type SocketClient } from '../../support/socket-client.ts';

let issuer: PublishingIssuer;
let service: HttpService;
/** How often a key was checked. */
let checks: number;
beforeEach(async () => {
  issuer = await startPublishingIssuer();
  issuer.server.publish(jwk('es256'), jwk('eddsa'));
  const verifier = issuer.verifier();
  checks = 0;
  const acceptsKeyOf: Authenticator['acceptsKeyOf'] = (caller) => {
    checks += 1;
    return verifier.acceptsKeyOf(caller);
  };
  service = await startHttpService({
    config: { keyCheckMs: 20 },
    deps: { authenticator: { ...verifier, acceptsKeyOf } },
    graphql: { now: issuer.clock },
  });
});
afterEach(async () => {
  await service.server.close();
  await issuer.close();
});

const socketOf = (key: KeyName): Promise<SocketClient> =>
  connected(service.socketUrl, forge({ key, claims: { exp: NOW + 100_000 } }));

async function answers(client: SocketClient, id: string): Promise<void> {
  client.subscribe(id, { query: '{ viewer { subject } }' });
  expect(await client.answer(id)).toMatchObject({ type: 'next' });
}

it('a socket is closed with 4403 when its issuer has removed the key of its token, and no other', async () => {
  const [lost, other] = [await socketOf('eddsa'), await socketOf('es256')];
  issuer.server.publish(jwk('es256'));
  issuer.pass(REFRESH_AFTER_MS / 1_000);
  await issuer.refresh();
  expect(await lost.closed).toMatchObject({ code: 4403, reason: 'Key no longer accepted' });
  await answers(other, '1');
});

it('sockets outlive an outage of their issuer for as long as its keys may be used, and no longer', async () => {
  const client = await socketOf('es256');
  await issuer.server.close();
  issuer.pass(OUTAGE_LIMIT_MS / 1_000 - 1);
  await expect.poll(() => issuer.failures.length).toBeGreaterThan(0);
  const before = checks;
  await expect.poll(() => checks).toBeGreaterThan(before + 5);
  await answers(client, '1');
  issuer.pass(1);
  expect(await client.closed).toMatchObject({ code: 4403 });
});

it('a removed key ends its sockets within a minute, even if the fetch takes as long as it may', () => {
  expect(REFRESH_AFTER_MS + LOOK_EVERY_MS + FETCH_TIMEOUT_MS + KEY_CHECK_MS).toBeLessThan(60_000);
});
