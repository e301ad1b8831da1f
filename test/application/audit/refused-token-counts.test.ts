import { beforeEach, describe, expect, it } from 'vitest';
import { createRefusedAttempts, type RefusedAttempts } from '../../../src/application/audit/refused-attempts.ts';
import { createEventWriter } from '../../../src/application/log/event-writer.ts';
import type { RefusalReason, VerifiedToken } from '../../../src/application/ports/authenticator.ts';
import { auditFacts } from '../../../src/domain/audited-events.ts';
import type { AuthenticationRejected } from '../../../src/domain/events.ts';
import { initialRegistryState } from '../../../src/domain/evolve-registry.ts';
import { someAuthenticator } from '../../support/event-authenticator.ts';
import { createMemoryEventStore } from '../../support/memory-event-log.ts';

const now = () => Date.parse('2026-03-01T12:00:00.000Z');

let store: ReturnType<typeof createMemoryEventStore>;
let attempts: RefusedAttempts;
beforeEach(() => {
  store = createMemoryEventStore();
  const writer = createEventWriter({
    authenticator: someAuthenticator(),
    log: store.open(),
    readYourWrites: { wrote: () => undefined },
    now,
  });
  attempts = createRefusedAttempts({
    writer,
    trust: { attempt: async () => undefined },
    plainHttpHosts: new Set(),
    now,
    onFault: () => undefined,
  });
});

describe('a refused token with a verified signature', () => {
  const tokenOf = (subject: string, ...projectIds: string[]): VerifiedToken => ({
    issuer: 'https://issuer.example',
    subject,
    tokenId: `token of ${subject}`,
    projectIds,
  });
  const refuse = (token: VerifiedToken, source = '192.0.2.1', reason: RefusalReason = 'expired') =>
    attempts.countUnauthenticated(source, { reason, token });
  const STREAM = expect.stringMatching(/^refusals-[0-9a-f-]{36}$/);
  const rejections = async () => {
    await attempts.flush({ all: true });
    return store.events.map(({ stream, data, metadata: { projectId, actor, tokenId } }) => {
      const { source, reason, count } = data as AuthenticationRejected['data'];
      return { stream, source, reason, count, projectId, actor, tokenId };
    });
  };

  it('stands in the log of each project that it names, with who it was made for', async () => {
    for (let time = 0; time < 3; time += 1) refuse(tokenOf('bob', 'one', 'two'));
    refuse(tokenOf('bob', 'one'), '192.0.2.1', 'revoked');
    const bob = { source: '192.0.2.1', actor: 'bob', tokenId: 'token of bob' };
    expect(await rejections()).toEqual([
      { ...bob, stream: STREAM, projectId: 'one', reason: 'expired', count: 3 },
      { ...bob, stream: STREAM, projectId: 'one', reason: 'revoked', count: 1 },
      { ...bob, stream: STREAM, projectId: 'two', reason: 'expired', count: 3 },
    ]);
    const data = store.events[0]?.data as AuthenticationRejected['data'];
    expect(auditFacts({ type: 'AuthenticationRejected', data }, initialRegistryState)).toMatchObject({
      action: 'AUTHENTICATE',
      outcome: 'DENIED',
      code: 'UNAUTHENTICATED',
      count: 3,
      changes: [{ field: 'source', to: '192.0.2.1' }, { field: 'reason', to: 'expired' }, { field: 'minute' }],
    });
  });

  it('stands in the log of the service if it names no project', async () => {
    refuse(tokenOf('bob'));
    attempts.countUnauthenticated('192.0.2.1', { reason: 'bad_signature' });
    expect((await rejections()).map(({ projectId, actor }) => [projectId, actor])).toEqual([
      [null, 'system:purser'],
      [null, 'system:purser'],
    ]);
  });

  it('names nobody if the source had tokens of several', async () => {
    refuse(tokenOf('bob', 'one'));
    refuse(tokenOf('eve', 'one'));
    expect(await rejections()).toMatchObject([{ projectId: 'one', count: 2, actor: 'system:purser', tokenId: null }]);
  });

  it('fills neither the log of a project nor that of the service, however many tokens, sources and projects there are', async () => {
    for (let index = 0; index < 3_000; index += 1) {
      const source = `10.${index % 250}.${Math.floor(index / 250)}.1`;
      refuse(tokenOf(`subject-${index}`, 'victim', `project-${index}`), source);
    }
    const found = await rejections();
    const ofVictim = found.filter(({ projectId }) => projectId === 'victim');
    expect(ofVictim).toHaveLength(20 + 20 + 1);
    expect(ofVictim.reduce((sum, { count }) => sum + count, 0)).toBe(3_000);
    expect(new Set(found.map(({ projectId }) => projectId)).size).toBe(200);
  });

  it('names at most twenty of its projects', async () => {
    refuse(tokenOf('bob', ...Array.from({ length: 100 }, (_, index) => `project-${index}`)));
    expect(await rejections()).toHaveLength(20);
  });
});
