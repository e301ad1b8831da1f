import { OfflineError, SignedOutError } from '../api/errors.ts';
import { type SignedOutReason, SignInFailed, type Tokens } from './tokens.ts';

export interface RenewalDeps {
  readonly held: () => Tokens | undefined;
  /** Undefined: tokens are not renewed. */
  readonly renew: ((tokens: Tokens) => Promise<Tokens>) | undefined;
  readonly renewed: (tokens: Tokens) => void;
  /** The session has ended, and nothing can be done about it here. */
  readonly ended: (reason: SignedOutReason) => void;
  readonly pause?: (ms: number) => Promise<void>;
  readonly now?: () => number;
}

export interface Renewal {
  /**
   * Ends the session where `refused` came in place of a refused token itself.
   * @returns the token that is to be used in place of `refused`. @throws SignedOutError, OfflineError if the provider is away
   */
  renew(refused: string): Promise<string>;
  accepted(token: string): void;
  /** Renews before the token that is held expires, or notices that it has. */
  schedule(): void;
  stop(): void;
}

const MOST_TRIES = 4;
const FIRST_PAUSE_MS = 1_000;
/** Of a token's life is left when it is renewed, at most five minutes. */
const LEFT = 0.2;
const MOST_LEFT_MS = 300_000;
/** Timers hold no more, and a laptop may sleep: the rest is looked at again. */
const LONGEST_TIMER_MS = 3_600_000;

/** Renews tokens one at a time: a refresh token that rotates may be used once. */
export function createRenewal(deps: RenewalDeps): Renewal {
  const { held, pause = sleep, now = Date.now } = deps;
  let underWay: Promise<string> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastRefused: string | undefined;
  /** Came in place of a refused token, and the service has not accepted it yet. */
  let unproved: string | undefined;

  async function renewNow(): Promise<string> {
    for (let tries = 1; ; tries += 1) {
      const tokens = held();
      if (tokens === undefined) throw new SignedOutError('Nobody is signed in.');
      if (deps.renew === undefined || tokens.refreshToken === undefined) return end({ kind: 'expired' });
      try {
        const next = await deps.renew(tokens);
        // Somebody may have signed out in the meantime.
        if (!isHeld(tokens)) throw new SignedOutError('Nobody is signed in.');
        if (tokens.accessToken === lastRefused) unproved = next.accessToken;
        deps.renewed(next);
        schedule();
        return next.accessToken;
      } catch (error) {
        if (error instanceof SignInFailed && isHeld(tokens)) return end({ kind: 'expired' }, error);
        if (!(error instanceof OfflineError) || tries >= MOST_TRIES) throw error;
        await pause(FIRST_PAUSE_MS * 2 ** (tries - 1));
      }
    }
  }

  function isHeld({ accessToken }: Tokens): boolean {
    return held()?.accessToken === accessToken;
  }

  function end(reason: SignedOutReason, cause?: unknown): never {
    deps.ended(reason);
    throw new SignedOutError('The session has ended.', { cause });
  }

  function renewOnce(): Promise<string> {
    underWay ??= renewNow().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  function schedule(): void {
    clearTimeout(timer);
    const tokens = held();
    if (tokens?.expiresAt === undefined) return;
    const left = tokens.expiresAt - now();
    const canRenew = deps.renew !== undefined && tokens.refreshToken !== undefined;
    const due = canRenew ? left - Math.min(left * LEFT, MOST_LEFT_MS) : left;
    timer = setTimeout(
      () => {
        if (due > LONGEST_TIMER_MS) return schedule();
        renewOnce().catch((error: unknown) => {
          // Once the token has expired, the next request that is refused tries again.
          if (error instanceof OfflineError && isAlive(held())) schedule();
        });
      },
      Math.min(Math.max(due, 0), LONGEST_TIMER_MS),
    );
  }

  /** Whether a refusal has another cause than the token's age. */
  function isAlive(tokens: Tokens | undefined): boolean {
    return tokens !== undefined && (tokens.expiresAt === undefined || tokens.expiresAt > now());
  }

  return {
    async renew(refused) {
      const tokens = held();
      if (tokens !== undefined && tokens.accessToken !== refused) return tokens.accessToken;
      if (refused === unproved && isAlive(tokens)) return end({ kind: 'refused' });
      lastRefused = refused;
      return renewOnce();
    },
    accepted(token) {
      if (token === unproved) unproved = undefined;
    },
    schedule,
    stop: () => clearTimeout(timer),
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
