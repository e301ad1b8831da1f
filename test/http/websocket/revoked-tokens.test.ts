import { expect, it } from 'vitest';
import type { Revocations } from '../../../src/application/ports/authenticator.ts';
import { startHttpService } from '../../support/http-service.ts';
import { connect } from '../../support/socket-client.ts';

it('a socket is closed with 4403 when the token that it was opened with is revoked, and no other', async () => {
  const revoked = new Set<string | null>();
  const listeners: (() => void)[] = [];
  const revocations: Revocations = {
    isRevoked: ({ tokenId }) => revoked.has(tokenId),
    onChange: (listener) => void listeners.push(listener),
  };
  await using service = await startHttpService({ deps: { revocations } });
  const [lost, other] = await Promise.all(
    ['lost', 'other'].map(async (jti) => {
      const client = await connect(service.socketUrl, { token: service.issuer.token({ claims: { jti } }) });
      await client.received(({ type }) => type === 'connection_ack');
      return client;
    }),
  );

  revoked.add('lost');
  for (const listener of listeners) listener();
  expect(await lost?.closed).toMatchObject({ code: 4403, reason: 'Token revoked' });
  other?.subscribe('1', { query: '{ registries(projectId: "demo") { totalCount } }' });
  expect(await other?.answer('1')).toMatchObject({ type: 'next' });
  other?.socket.close();
});
