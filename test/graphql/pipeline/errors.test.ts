import { GraphQLError } from 'graphql';
import { expect, it } from 'vitest';
import { ERROR_CODES, PurserError } from '../../../src/domain/errors.ts';
import { createErrorMask, formatApolloError } from '../../../src/graphql/pipeline/errors.ts';
import { canary } from '../../support/canary.ts';

function maskAndLog(error: unknown): { answer: string; log: string } {
  const lines: unknown[] = [];
  const mask = createErrorMask({ error: (...line: unknown[]) => lines.push(line) });
  return { answer: JSON.stringify(mask(error, 'request-1').toJSON()), log: JSON.stringify(lines) };
}

/** Errors as they come, with a secret in every place that one can have. */
function plantedErrors(secret: string): unknown[] {
  const plain = new Error(`connection to ${secret} failed`);
  const withProperties = Object.assign(new Error('failed'), { detail: secret, query: secret, parameters: [secret] });
  const withCause = new Error('failed', { cause: new Error(secret) });
  const withExtensions = new GraphQLError('failed', { extensions: { code: 'BAD_USER_INPUT', detail: secret } });
  const named = Object.assign(new Error('failed'), { name: 'Fault', cause: { secret } });
  return [
    plain,
    withProperties,
    withCause,
    withExtensions,
    named,
    new GraphQLError(secret),
    new GraphQLError(secret, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }),
    new GraphQLError(secret, { originalError: plain, path: ['registries', 0] }),
    new PurserError('INTERNAL', secret),
    new PurserError('BAD_USER_INPUT', 'The name is too long.', { field: 'name' }, { cause: plain }),
    new AggregateError([plain], secret),
    new SyntaxError(`Unexpected token 'C', "${secret}" is not valid JSON`),
    secret,
    { message: secret, extensions: { code: 'FORBIDDEN' } },
    undefined,
    null,
  ];
}

it('keeps unexpected errors out of the answer, and their messages out of the log', () => {
  const secret = canary('masking');
  for (const error of plantedErrors(secret)) {
    const { answer, log } = maskAndLog(error);
    expect(answer).not.toContain(secret);
    expect(log).not.toContain(secret);
  }
});

it('finds a leak in a formatter that masks by the look of the code', () => {
  const secret = canary('masking');
  const byLooks = (error: unknown) => (error instanceof GraphQLError && error.extensions.code ? error.toJSON() : {});
  const leaks = plantedErrors(secret).filter((error) => JSON.stringify(byLooks(error)).includes(secret));
  expect(leaks).not.toHaveLength(0);
});

it('passes on errors that the application means for the caller, however they are wrapped', () => {
  const meant = new PurserError('VERIFICATION_FAILED', 'The login failed.', { outcome: 'AUTHENTICATION_FAILED' });
  const once = new GraphQLError(meant.message, { originalError: meant, path: ['createRegistry'] });
  const twice = new GraphQLError(meant.message, { originalError: once, path: ['createRegistry'] });
  for (const error of [meant, once, twice]) {
    const { answer, log } = maskAndLog(error);
    expect(JSON.parse(answer)).toMatchObject({
      message: 'The login failed.',
      extensions: { code: 'VERIFICATION_FAILED', outcome: 'AUTHENTICATION_FAILED' },
    });
    expect(log).toBe('[]');
  }
});

it('answers an unexpected error with its request id, and logs where it was thrown', () => {
  const { answer, log } = maskAndLog(new RangeError('surprise'));
  expect(JSON.parse(answer).extensions).toEqual({
    code: 'INTERNAL',
    requestId: 'request-1',
    documentation: '/docs/errors#internal',
  });
  expect(log).toContain('RangeError');
  expect(log).toContain('errors.test.ts');
  expect(log).toContain('request-1');
});

it("gives Apollo Server's own errors our messages and only codes of the contract", () => {
  const codes = [
    'GRAPHQL_PARSE_FAILED',
    'GRAPHQL_VALIDATION_FAILED',
    'BAD_REQUEST',
    'PERSISTED_QUERY_NOT_FOUND',
    'X',
    undefined,
  ];
  for (const code of codes) {
    const formatted = formatApolloError(
      { message: 'Did you mean "password"?', extensions: { code, stacktrace: ['at x'] } },
      new Error('Did you mean "password"?'),
    );
    expect(JSON.stringify(formatted)).not.toMatch(/Did you mean|stacktrace|password/);
    expect(ERROR_CODES).toContain(formatted.extensions?.code);
  }
});
