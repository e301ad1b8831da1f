import { afterEach, describe, expect, it, vi } from 'vitest';
import { createApi } from '../../src/api/client.ts';
import { SignedOutError } from '../../src/api/errors.ts';
import { createSession, type Session, SIGN_OUTS } from '../../src/session/session.ts';
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

const channels: BroadcastChannel[] = [];
afterEach(() => {
  for (const channel of channels.splice(0)) channel.close();
  vi.unstubAllGlobals();
});

/** A tab in which somebody has signed in, with what its page went through. */
async function tab(number = 1, goTo: (url: URL) => void = () => undefined) {
  const signOuts = new BroadcastChannel(SIGN_OUTS);
  channels.push(signOuts);
  const session = createSession({
    settings: { version: '1', signIn: PROVIDER },
    origin: 'https://purser.example',
    goTo,
    signOuts,
  });
  await session.signInWith(async () => ({
    accessToken: `a${number}`,
    refreshToken: `r${number}`,
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

describe('signing out', () => {
  it('signs the same person out in other tabs, and nobody else', async () => {
    const revoked: string[] = [];
    stubProvider({
      token: () => tokensNumbered(9),
      service: (token) => viewer(token === 'a3' ? 'bob' : 'ada'),
      revoked: (token) => revoked.push(token),
    });
    const left: string[] = [];
    const leaving = (name: string) => (url: URL) => left.push(`${name} ${url.pathname}`);
    const first = await tab(1, leaving('first'));
    const second = await tab(2, leaving('second'));
    const bobs = await tab(3, leaving('third'));
    const told: unknown[] = [];
    const listener = new BroadcastChannel(SIGN_OUTS);
    channels.push(listener);
    listener.addEventListener('message', ({ data }: MessageEvent<unknown>) => told.push(data));

    await first.session.signOut();
    await expect.poll(() => second.session.get()).toEqual({ phase: 'signed-out', reason: { kind: 'signed-out' } });
    // Each has a refresh token of its own; one page of the provider is enough.
    await expect.poll(() => revoked.toSorted()).toEqual(['r1', 'r2']);
    expect(left).toEqual(['first /end']);
    await expect.poll(() => told).toEqual([{ issuer: PROVIDER.issuer, subject: 'ada' }]);
    expect(bobs.session.get()).toMatchObject({ phase: 'signed-in', ended: undefined });
    expect(bobs.session.tokens.current()).toBe('a3');
  });
});
