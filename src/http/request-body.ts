import { isUtf8 } from 'node:buffer';
import { badUserInput, PurserError } from '../domain/errors.ts';
import type { OperationRequest } from '../graphql/create-graphql.ts';
import { checkVariables } from '../graphql/pipeline/input-text.ts';

/**
 * Reads the body of a `POST /graphql`. `extensions` and other keys are ignored.
 * @throws PurserError BAD_USER_INPUT, PERSISTED_QUERY_NOT_SUPPORTED
 */
export function readBody(body: Buffer): OperationRequest {
  if (!isUtf8(body)) throw badUserInput('body', 'The body must be JSON in UTF-8.');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    // The parser's own error quotes the body.
    throw badUserInput('body', 'The body must be JSON.');
  }
  return readOperation(parsed);
}

/** @throws PurserError BAD_USER_INPUT, PERSISTED_QUERY_NOT_SUPPORTED */
export function readOperation(value: unknown): OperationRequest {
  if (Array.isArray(value)) throw badUserInput('body', 'Send one operation per request: batches are not supported.');
  if (!isRecord(value)) throw badUserInput('body', 'The body must be a JSON object with `query`.');
  if (Object.hasOwn(value, '__proto__')) throw badUserInput('body', 'An input cannot have the name `__proto__`.');
  const { query, operationName = null, variables = null } = value;
  if (query === undefined && isRecord(value.extensions) && 'persistedQuery' in value.extensions) {
    throw new PurserError(
      'PERSISTED_QUERY_NOT_SUPPORTED',
      'Persisted queries are not supported. Send the document itself.',
    );
  }
  if (typeof query !== 'string' || query === '') throw badUserInput('query', '`query` must be a GraphQL document.');
  if (operationName !== null && typeof operationName !== 'string') {
    throw badUserInput('operationName', '`operationName` must be a string.');
  }
  if (variables !== null && !isRecord(variables)) throw badUserInput('variables', '`variables` must be an object.');
  if (variables !== null) checkVariables(variables);
  return { query, operationName: operationName ?? undefined, variables: variables ?? {} };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
