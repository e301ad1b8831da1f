import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OfflineError, SignedOutError } from '../../src/api/errors.ts';
import { createRenewal, type RenewalDeps } from '../../src/session/renewal.ts';
import { SignInFailed, type Tokens } from '../../src/session/tokens.ts';

const HOUR_MS = 3_600_000;

function renewing(renew: RenewalDeps['renew'], given: Partial<Tokens> = {}) {
  const seen = { ended: 0, reason: '' };
  let held: Tokens | undefined = { accessToken: 'a1', refreshToken: 'r1', expiresAt: undefined, ...given };
  const renewal = createRenewal({
    held: () => held,
    renew,
    renewed: (tokens) => {
      held = tokens;
    },
    ended: ({ kind }) => {
      seen.ended += 1;
      seen.reason = kind;
      held = undefined;
    },
    pause: async () => undefined,
  });
  const signIn = (tokens: Tokens) => {
    held = tokens;
  };
  return { renewal, seen, held: () => held, signIn };
}

describe('renewing a token', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('happens once for all who ask at the same time, as a refresh token may be used once', async () => {
    const renew = vi.fn(async () => ({ accessToken: 'a2', refreshToken: 'r2', expiresAt: undefined }));
    const { renewal } = renewing(renew);
    expect(await Promise.all([renewal.renew('a1'), renewal.renew('a1')])).toEqual(['a2', 'a2']);
    expect(await renewal.renew('a1')).toBe('a2');
    expect(renew).toHaveBeenCalledTimes(1);
  });

  it('is tried again while the provider is away, and ends the session when it refuses', async () => {
    const renew = vi.fn<NonNullable<RenewalDeps['renew']>>();
    renew.mockRejectedValueOnce(new OfflineError('')).mockRejectedValue(new SignInFailed({ kind: 'expired' }));
    const { renewal, seen } = renewing(renew);
    await expect(renewal.renew('a1')).rejects.toThrow(SignedOutError);
    expect(renew).toHaveBeenCalledTimes(2);
    expect(seen.ended).toBe(1);
  });

  it('is not done for a token that came in place of a refused one and is refused as well: the session ends', async () => {
    let count = 1;
    const renew = vi.fn(async () => {
      count += 1;
      return { accessToken: `a${count}`, refreshToken: `r${count}`, expiresAt: Date.now() + HOUR_MS };
    });
    const { renewal, seen } = renewing(renew);
    expect(await renewal.renew('a1')).toBe('a2');
    renewal.accepted('a2');
    // Accepted once, it may be refused later.
    expect(await renewal.renew('a2')).toBe('a3');
    // Nor does it say anything that the service refuses what has expired.
    await vi.setSystemTime(Date.now() + HOUR_MS);
    expect(await renewal.renew('a3')).toBe('a4');
    await expect(renewal.renew('a4')).rejects.toThrow(SignedOutError);
    expect(seen).toEqual({ ended: 1, reason: 'refused' });
    expect(renew).toHaveBeenCalledTimes(3);
    await expect(renewal.renew('a4')).rejects.toThrow(SignedOutError);
    expect(seen.ended).toBe(1);
  });

  it('that is refused does not end what somebody has begun by signing in again', async () => {
    let refuse = (_: Error): void => undefined;
    const { renewal, seen, held, signIn } = renewing(() => new Promise((_, reject) => (refuse = reject)));
    const renewed = renewal.renew('a1');
    signIn({ accessToken: 'b1', refreshToken: 's1', expiresAt: undefined });
    refuse(new SignInFailed({ kind: 'expired' }));
    await expect(renewed).rejects.toThrow();
    expect(seen.ended).toBe(0);
    expect(held()?.accessToken).toBe('b1');
  });

  it('leaves the session as it is while the provider is away', async () => {
    const { renewal, seen } = renewing(async () => Promise.reject(new OfflineError('')));
    await expect(renewal.renew('a1')).rejects.toThrow(OfflineError);
    expect(seen.ended).toBe(0);
  });

  it('happens when a fifth of its life is left, at most five minutes', async () => {
    const renew = vi.fn(async () => ({ accessToken: 'a2', refreshToken: 'r2', expiresAt: Date.now() + HOUR_MS }));
    const { renewal } = renewing(renew, { expiresAt: Date.now() + 100_000 });
    renewal.schedule();
    await vi.advanceTimersByTimeAsync(79_000);
    expect(renew).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(renew).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(HOUR_MS - 302_000);
    expect(renew).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(renew).toHaveBeenCalledTimes(2);
  });

  it('is tried again while the token lives, and not by itself after that', async () => {
    const renew = vi.fn(async () => Promise.reject(new OfflineError('')));
    const { renewal, seen } = renewing(renew, { expiresAt: Date.now() + 100_000 });
    renewal.schedule();
    await vi.advanceTimersByTimeAsync(81_000);
    const first = renew.mock.calls.length;
    await vi.advanceTimersByTimeAsync(17_000);
    expect(renew.mock.calls.length).toBeGreaterThan(first);
    await vi.advanceTimersByTimeAsync(10_000);
    const last = renew.mock.calls.length;
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(renew).toHaveBeenCalledTimes(last);
    expect(seen.ended).toBe(0);
  });

  it('that is not possible ends the session when the token expires', async () => {
    const { renewal, seen } = renewing(undefined, { refreshToken: undefined, expiresAt: Date.now() + 10_000 });
    renewal.schedule();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(seen.ended).toBe(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(seen.ended).toBe(1);
  });
});
