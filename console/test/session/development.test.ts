import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ApiError, OfflineError } from '../../src/api/errors.ts';
import { codeExchange } from '../../src/session/development.ts';
import { createSession, SIGN_OUTS } from '../../src/session/session.ts';
import { SignInFailed } from '../../src/session/tokens.ts';

type Answer = () => Promise<Response>;

const TOKEN = 'e30.e30.c2ln';
const json = (status: number, body: unknown) => async () => Response.json(body, { status });
const given = json(200, { token: TOKEN, expiresAt: '2099-01-01T00:00:00Z' });
const used = json(401, { errors: [{ message: 'used', extensions: { code: 'UNAUTHENTICATED' } }] });
const viewer = json(200, {
  data: { viewer: { subject: 'ada', projects: [], tokenExpiresAt: '2099-01-01T00:00:00Z' } },
});
const cut: Answer = async () => {
  throw new TypeError('Failed to fetch');
};

/** Answers in this order, to whatever is asked. */
function answering(...answers: readonly Answer[]): void {
  const left = [...answers];
  vi.stubGlobal('fetch', () => left.shift()?.() ?? cut());
}

describe('the code of a link', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const reasonOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => (error instanceof SignInFailed ? error.reason.kind : error),
    );

  it('is used up only where the service says so', async () => {
    answering(used, async () => new Response('<h1>Who are you?</h1>', { status: 401 }));
    expect(await reasonOf(codeExchange('abc')())).toBe('link-used');
    const inFront = await reasonOf(codeExchange('abc')());
    expect(inFront).toBeInstanceOf(ApiError);
    expect(String(inFront)).toContain('HTTP 401');
  });

  it('is exchanged again after an answer that did not come, and the person is told if that one had used it', async () => {
    answering(cut, given, cut, used);
    const exchange = codeExchange('abc');
    expect(await reasonOf(exchange())).toBeInstanceOf(OfflineError);
    expect(await exchange()).toMatchObject({ accessToken: TOKEN });
    const lost = codeExchange('abc');
    expect(await reasonOf(lost())).toBeInstanceOf(OfflineError);
    expect(await reasonOf(lost())).toBe('link-lost');
  });

  it('is kept by a session that could not be asked, until it could', async () => {
    const signOuts = new BroadcastChannel(SIGN_OUTS);
    onTestFinished(() => signOuts.close());
    const session = createSession({
      signOuts,
      settings: { version: '1', signIn: { kind: 'development' } },
      origin: 'http://127.0.0.1:4000',
      goTo: () => undefined,
    });
    answering(cut, given, viewer);
    await session.signInWithCode('abc');
    expect(session.get()).toEqual({ phase: 'unavailable' });
    await session.retry();
    expect(session.get()).toMatchObject({ phase: 'no-projects', subject: 'ada' });

    answering(cut, used);
    await session.signInWithCode('abc');
    await session.retry();
    expect(session.get()).toEqual({ phase: 'signed-out', reason: { kind: 'link-lost' } });
  });
});
