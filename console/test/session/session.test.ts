import { afterEach, describe, expect, it, vi } from 'vitest';
import { createApi } from '../../src/api/client.ts';
import { SignedOutError } from '../../src/api/errors.ts';
import { createSession, type Session } from '../../src/session/session.ts';
import { VIEWER } from '../../src/session/viewer.ts';
import { type Doubles, PROVIDER, stubProvider, tokensNumbered } from './provider-double.ts';

const READ = 'iam:project:cicd:registry:read';
const WRITE = 'iam:project:cicd:registry:write';

function viewer(subject: string, permissions: readonly string[] = [READ]): Response {
  const projects = permissions.length === 0 ? [] : [{ id: 'demo', permissions }];
  const tokenExpiresAt = '2099-01-01T00:00:00Z';
  return Response.json({ data: { viewer: { subject, issuer: PROVIDER.issuer, tokenExpiresAt, projects } } });
}
const refused = () => new Response(null, { status: 401 });

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A tab in which somebody has signed in, with what its page went through. */
async function tab() {
  const session = createSession({
    settings: { version: '1', signIn: PROVIDER },
    origin: 'https://purser.example',
    goTo: () => undefined,
  });
  await session.signInWith(async () => ({
    accessToken: 'a1',
    refreshToken: 'r1',
    expiresAt: Date.now() + 3_600_000,
  }));
  const phases: string[] = [];
  session.subscribe(() => phases.push(session.get().phase));
  return { session, phases };
}

const permissionsOf = (session: Session) => {
  const state = session.get();
  return state.phase === 'signed-in' ? state.viewer.projects[0]?.permissions : undefined;
};

/** A provider that renews as often as it is asked. */
function renewing(service: Doubles['service']) {
  const token = vi.fn(() => tokensNumbered(token.mock.calls.length + 1));
  stubProvider({ token, ...(service ? { service } : {}) });
  return token;
}

describe('a session', () => {
  it('ends, with the page as it is, when a token that was just renewed is refused as well', async () => {
    let isRevoked = false;
    const renewals = renewing(() => (isRevoked ? refused() : viewer('ada')));
    const { session, phases } = await tab();
    isRevoked = true;
    const api = createApi(session.tokens);
    await expect(Promise.all([api.request(VIEWER, {}), api.request(VIEWER, {})])).rejects.toThrow(SignedOutError);
    expect(session.get()).toMatchObject({ phase: 'signed-in', ended: { kind: 'refused' } });
    expect(phases).toEqual(['signed-in']);
    expect(renewals).toHaveBeenCalledTimes(1);
  });

  it('goes on when the renewed token is accepted, as often as one expires', async () => {
    let accepted = 'a1';
    const renewals = renewing((token) => (token === accepted ? viewer('ada') : refused()));
    const { session } = await tab();
    const api = createApi(session.tokens);
    for (accepted of ['a2', 'a3', 'a4']) await api.request(VIEWER, {});
    expect(renewals).toHaveBeenCalledTimes(3);
    expect(session.get()).toMatchObject({ phase: 'signed-in', ended: undefined });
  });

  it('grants what the renewed token grants, without another page in between', async () => {
    const granted: Record<string, readonly string[]> = { a1: [READ], a2: [READ, WRITE], a3: [READ, WRITE], a4: [] };
    renewing((token) => viewer('ada', granted[token]));
    const { session, phases } = await tab();
    await session.tokens.renew('a1');
    await expect.poll(() => permissionsOf(session)).toEqual([READ, WRITE]);
    expect(phases).toEqual(['signed-in']);
    const before = session.get();
    await session.tokens.renew('a2');
    // Nothing is drawn anew where nothing has changed.
    await createApi(session.tokens).request(VIEWER, {});
    expect(session.get()).toBe(before);
    await session.tokens.renew('a3');
    await expect.poll(() => session.get().phase).toBe('no-projects');
  });

  it('does not come back when the service answers after somebody has signed out', async () => {
    let answer = (_: Response): void => undefined;
    let isSlow = false;
    stubProvider({ token: () => tokensNumbered(2) });
    const answering = fetch;
    vi.stubGlobal('fetch', (address: string | URL, init?: RequestInit) => {
      if (String(address) !== '/graphql') return answering(address, init);
      return isSlow ? new Promise<Response>((resolve) => (answer = resolve)) : Promise.resolve(viewer('ada'));
    });
    const { session } = await tab();
    isSlow = true;
    await session.tokens.renew('a1');
    await session.signOut();
    answer(viewer('ada', [READ, WRITE]));
    await new Promise((resolve) => setImmediate(resolve));
    expect(session.get()).toEqual({ phase: 'signed-out', reason: { kind: 'signed-out' } });
  });
});
