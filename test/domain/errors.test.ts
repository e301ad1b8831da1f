import { describe, expect, it } from 'vitest';
import { ERROR_REFERENCE } from '../../src/domain/error-reference.ts';
import { ERROR_CODES, EventLogUnavailable, PurserError, rateLimited } from '../../src/domain/errors.ts';
import { GRAPHQL_TYPE } from '../../src/http/answer-type.ts';
import { statusOf } from '../../src/http/graphql-answer.ts';

describe('an error for callers', () => {
  it('narrows its details by its code', () => {
    const told = (error: PurserError): string | number | undefined => {
      switch (error.code) {
        case 'RATE_LIMITED':
          return error.details.retryAfter satisfies number;
        case 'REGISTRY_IN_USE':
          return error.details.activeLeases satisfies number;
        case 'VERIFICATION_FAILED':
          return error.details.outcome;
        case 'BAD_USER_INPUT':
        case 'REVISION_CONFLICT':
          // @ts-expect-error: neither of them has it
          void error.details.activeLeases;
          return error.details.field;
        default:
          return undefined;
      }
    };
    const thrown: unknown = new PurserError('REGISTRY_IN_USE', 'In use.', { activeLeases: 3, leases: [] });
    expect(thrown instanceof PurserError && told(thrown)).toBe(3);
    expect(told(rateLimited('Wait.', 0.2))).toBe(1);
    expect(told(new EventLogUnavailable('Try again.'))).toBeUndefined();
  });

  it('does not compile with details that its code does not have', () => {
    // @ts-expect-error: it needs its details
    new PurserError('RATE_LIMITED', 'Wait.');
    // @ts-expect-error: of another code
    new PurserError('REGISTRY_IN_USE', 'In use.', { field: 'url' });
    // @ts-expect-error: not a number
    new PurserError('RATE_LIMITED', 'Wait.', { retryAfter: '1' });
    // @ts-expect-error: not an outcome
    new PurserError('VERIFICATION_FAILED', 'No.', { outcome: 'WRONG' });
    // @ts-expect-error: it has none
    new PurserError('NOT_FOUND', 'No.', { field: 'id' });
    // @ts-expect-error: no such code
    new PurserError('TEAPOT', 'No.');
    expect(new PurserError('NOT_FOUND', 'No.').details).toEqual({});
  });

  it('is a PurserError, whatever its class, and other errors are not', () => {
    expect(new EventLogUnavailable('Try again.')).toBeInstanceOf(PurserError);
    expect(new Error('no')).not.toBeInstanceOf(PurserError);
  });
});

describe('the reference of errors', () => {
  it.each(ERROR_CODES)('tells the HTTP status of %s', (code) => {
    const { status, when, advice } = ERROR_REFERENCE[code];
    expect(statusOf({ errors: [{ extensions: { code } }] }, GRAPHQL_TYPE)).toBe(status);
    for (const text of [when, advice]) expect(text).toMatch(/^[A-Z`].*\.$/);
  });
});
