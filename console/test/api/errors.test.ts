import { describe, expect, it } from 'vitest';
import { ApiError, errorOf, errorOfStatus, OfflineError } from '../../src/api/errors.ts';
import { isWorthRetrying, retryDelay } from '../../src/api/retries.ts';

const errorWith = (extensions: Record<string, unknown>) => new ApiError({ message: 'no', extensions });

describe('the errors of the API', () => {
  it('have code, field, message and the id of the request', () => {
    const body = {
      errors: [{ message: 'Too long.', extensions: { code: 'BAD_USER_INPUT', field: 'name' } }],
      data: null,
    };
    const error = errorOf(body, 'r-1');
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', field: 'name', message: 'Too long.', requestId: 'r-1' });
  });

  it('are made of anything that comes', () => {
    expect(errorOf({ data: {} }, undefined)).toBeUndefined();
    expect(errorOf('<html>', undefined)).toBeUndefined();
    expect(errorOf({ errors: [null] }, undefined)).toMatchObject({ code: 'INTERNAL' });
    expect(errorOfStatus(503, undefined)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(errorOfStatus(403, undefined)).toMatchObject({ code: 'INTERNAL' });
  });

  it('are retried only where the next answer may be another, and at most three times', () => {
    const retried = [
      new OfflineError(''),
      errorWith({ code: 'UNAVAILABLE' }),
      errorWith({ code: 'RATE_LIMITED', retryAfter: 2 }),
    ];
    for (const error of retried) {
      expect([0, 1, 2, 3].map((failures) => isWorthRetrying(failures, error))).toEqual([true, true, true, false]);
    }
    const final = [
      errorWith({ code: 'FORBIDDEN' }),
      errorWith({ code: 'RATE_LIMITED', retryAfter: 60 }),
      new Error(''),
    ];
    expect(final.map((error) => isWorthRetrying(0, error))).toEqual([false, false, false]);
  });

  it('say how long to wait, or the wait doubles', () => {
    expect(retryDelay(0, errorWith({ code: 'RATE_LIMITED', retryAfter: 3 }), () => 0)).toBe(3000);
    expect([0, 1, 2, 9].map((failures) => retryDelay(failures, new OfflineError(''), () => 0))).toEqual([
      500, 1000, 2000, 8000,
    ]);
    expect(retryDelay(0, new OfflineError(''), () => 1)).toBe(625);
  });
});
