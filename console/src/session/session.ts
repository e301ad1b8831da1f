import { createApi } from '../api/client.ts';
import { hasCode, isRecord, OfflineError, SignedOutError } from '../api/errors.ts';
import type { TokenSource } from '../api/token-source.ts';
import { type ClaimFault, claimFaultOf } from './claims.ts';
import { keepDeparture } from './departure.ts';
import { codeExchange } from './development.ts';
import { createOpenIdProvider, type OpenIdProvider } from './openid-connect.ts';
import { createRenewal } from './renewal.ts';
import type { ConsoleSettings } from './settings.ts';
import { signInInWindow } from './sign-in-window.ts';
import { type SignedOutReason, SignInFailed, type Tokens } from './tokens.ts';
import { VIEWER, type Viewer } from './viewer.ts';

export type SessionState =
  /** Something is under way: the settings, a code, the way to the provider. */
  | { readonly phase: 'waiting' }
  | { readonly phase: 'signed-out'; readonly reason: SignedOutReason }
  | { readonly phase: 'unavailable' }
  /** This window has signed in another one. */
  | { readonly phase: 'handed-over' }
  /** `subject` and `issuer` are undefined where the service did not accept the token. */
  | {
      readonly phase: 'no-projects';
      readonly subject: string | undefined;
      readonly issuer: string | undefined;
      readonly fault: ClaimFault;
    }
  /** `ended`: why the token is of no use any more. The page stays, so that nothing typed is lost. */
  | { readonly phase: 'signed-in'; readonly viewer: Viewer; readonly ended: SignedOutReason | undefined };

export interface Session {
  readonly settings: ConsoleSettings;
  readonly tokens: TokenSource;
  readonly subscribe: (listener: () => void) => () => void;
  readonly get: () => SessionState;
  /** By the code of a link. */
  signInWithCode(code: string): Promise<void>;
  /** By a token that somebody pasted. */
  signInWithToken(token: string): Promise<void>;
  /** With what a provider gave. */
  signInWith(take: () => Promise<Tokens>): Promise<void>;
  /** Leaves this page for the provider's. */
  leaveForProvider(returnTo: string): Promise<void>;
  /** Signs in at the provider in a window of its own, over a page that stays. */
  signInInWindow(): Promise<void>;
  /** This window has done what it was opened for. */
  handedOver(): void;
  /** Asks again who is signed in, after it could not be asked. */
  retry(): Promise<void>;
  /** Forgets everything, here, in other tabs where the same person is signed in, and at the provider. */
  signOut(): Promise<void>;
  readonly provider: OpenIdProvider | undefined;
}

export interface SessionDeps {
  readonly settings: ConsoleSettings;
  readonly origin: string;
  readonly goTo: (url: URL) => void;
  /** Between the tabs of this browser: who has signed out. No secret goes over it. */
  readonly signOuts: BroadcastChannel;
}

/** Where tabs tell each other who has signed out. */
export const SIGN_OUTS = 'purser.sign-out';

export function createSession({ settings, origin, goTo, signOuts }: SessionDeps): Session {
  const { signIn } = settings;
  const provider = signIn.kind === 'openid-connect' ? createOpenIdProvider(signIn, origin) : undefined;
  const listeners = new Set<() => void>();
  let state: SessionState = { phase: 'waiting' };
  let held: Tokens | undefined;
  /** How often it was asked who is signed in. */
  let timesAsked = 0;
  let lastWindow: AbortController | undefined;
  /** What signs in, if no answer came to it yet. */
  let unanswered: (() => Promise<Tokens>) | undefined;

  function become(next: SessionState): void {
    state = next;
    for (const listener of listeners) listener();
  }

  function forget(): void {
    held = undefined;
    renewal.stop();
  }

  const renewal = createRenewal({
    held: () => held,
    renew: provider && ((tokens) => provider.renew(tokens)),
    renewed: (tokens) => {
      held = tokens;
      // It may grant more than the one before, or less. Where that cannot be asked, the next renewal does.
      if (isSettled()) identify().catch(() => undefined);
    },
    ended: (reason) => {
      forget();
      if (state.phase === 'signed-in') become({ ...state, ended: reason });
    },
  });

  const tokens: TokenSource = {
    current() {
      if (held === undefined) throw new SignedOutError('Nobody is signed in.');
      return held.accessToken;
    },
    renew: renewal.renew,
    accepted: renewal.accepted,
  };
  const api = createApi(tokens);

  /** Whether somebody is signed in, and nothing is under way. */
  function isSettled(): boolean {
    return state.phase === 'no-projects' || (state.phase === 'signed-in' && state.ended === undefined);
  }

  async function identify(): Promise<void> {
    timesAsked += 1;
    const thisTime = timesAsked;
    const { viewer } = await api.request(VIEWER, {});
    // It was asked again in the meantime.
    if (thisTime !== timesAsked) return;
    if (held === undefined) throw new SignInFailed({ kind: 'expired' });
    const before = state;
    if (held.expiresAt === undefined) held = { ...held, expiresAt: Date.parse(viewer.tokenExpiresAt) };
    renewal.schedule();
    if (viewer.projects.length === 0) {
      const fault = claimFaultOf(tokens.current());
      return become({ phase: 'no-projects', subject: viewer.subject, issuer: viewer.issuer, fault });
    }
    if (before.phase === 'signed-in' && before.ended === undefined && isSame(before.viewer, viewer)) return;
    // Somebody else must not find what the one before had open.
    const isSomebodyElse = before.phase === 'signed-in' && before.viewer.subject !== viewer.subject;
    if (isSomebodyElse) become({ phase: 'waiting' });
    become({ phase: 'signed-in', viewer, ended: undefined });
  }

  async function signInWith(take: () => Promise<Tokens>): Promise<void> {
    if (state.phase !== 'signed-in') become({ phase: 'waiting' });
    let taken: Tokens | undefined;
    unanswered = undefined;
    try {
      taken = await take();
      held = taken;
      await identify();
    } catch (error) {
      if (taken === undefined && isAway(error)) unanswered = take;
      failed(error, taken);
    }
  }

  /** `refused`: the token that the service was asked with. */
  function failed(error: unknown, refused?: Tokens): void {
    if (isAway(error)) {
      if (state.phase === 'signed-in') throw error;
      become({ phase: 'unavailable' });
      return;
    }
    const reason = reasonOf(error);
    // Another window was opened in place of this one.
    if (reason.kind === 'new' && state.phase === 'signed-in') return;
    forget();
    if (reason.kind === 'refused' && refused !== undefined) {
      const fault = claimFaultOf(refused.accessToken);
      // The service refuses claims that it cannot read, and tokens that are none.
      if (fault === 'shape' || fault === 'unknown') {
        become({ phase: 'no-projects', subject: undefined, issuer: undefined, fault });
        return;
      }
    }
    become(state.phase === 'signed-in' ? { ...state, ended: reason } : { phase: 'signed-out', reason });
  }

  /** @returns the provider's page for signing out, if it has one */
  async function signOutHere(): Promise<URL | undefined> {
    const last = held;
    forget();
    become({ phase: 'signed-out', reason: { kind: 'signed-out' } });
    return last && provider?.signOut(last).catch(() => undefined);
  }

  signOuts.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const person = personOf(state);
    if (person === undefined || !isRecord(data)) return;
    // The tab in which the person signed out goes to the provider's page: one is enough.
    if (data.issuer === person.issuer && data.subject === person.subject) void signOutHere();
  });

  return {
    settings,
    tokens,
    provider,
    get: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    signInWith,
    signInWithCode: (code) => signInWith(codeExchange(code)),
    signInWithToken: (token) => signInWith(async () => ({ accessToken: token, expiresAt: undefined })),

    async leaveForProvider(returnTo) {
      if (provider === undefined) throw new Error('there is no provider');
      if (state.phase !== 'signed-in') become({ phase: 'waiting' });
      try {
        const { url, departure } = await provider.depart(returnTo);
        keepDeparture(departure);
        goTo(url);
      } catch (error) {
        failed(error);
      }
    },

    async signInInWindow() {
      if (provider === undefined) throw new Error('there is no provider');
      lastWindow?.abort();
      const thisWindow = new AbortController();
      lastWindow = thisWindow;
      await signInWith(() => signInInWindow(provider, thisWindow.signal));
    },
    handedOver: () => {
      become({ phase: 'handed-over' });
      window.close();
    },

    async retry() {
      if (unanswered !== undefined) return signInWith(unanswered);
      become({ phase: 'waiting' });
      if (held === undefined) return become({ phase: 'signed-out', reason: { kind: 'new' } });
      await identify().catch(failed);
    },

    async signOut() {
      const person = personOf(state);
      if (person !== undefined) signOuts.postMessage(person);
      const page = await signOutHere();
      if (page !== undefined) goTo(page);
    },
  };
}

/** Who is signed in, or was until the session ended. */
function personOf(state: SessionState): Pick<Viewer, 'subject' | 'issuer'> | undefined {
  if (state.phase === 'signed-in') return { subject: state.viewer.subject, issuer: state.viewer.issuer };
  if (state.phase !== 'no-projects') return undefined;
  const { subject, issuer } = state;
  return subject === undefined || issuer === undefined ? undefined : { subject, issuer };
}

/** Whether the token grants one the same as the other. */
function isSame(one: Viewer, other: Viewer): boolean {
  const partsOf = ({ subject, issuer, projects }: Viewer) => JSON.stringify([subject, issuer, projects]);
  return partsOf(one) === partsOf(other);
}

/** The same may work later. */
function isAway(error: unknown): boolean {
  return error instanceof OfflineError || hasCode(error, 'UNAVAILABLE', 'RATE_LIMITED');
}

function reasonOf(error: unknown): SignedOutReason {
  if (error instanceof SignInFailed) return error.reason;
  if (error instanceof SignedOutError) return { kind: 'refused' };
  return { kind: 'failed', message: error instanceof Error ? error.message : 'Something went wrong.' };
}
