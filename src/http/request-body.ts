import { isUtf8 } from 'node:buffer';
import { badUserInput, PurserError } from '../domain/errors.ts';
import type { OperationRequest } from '../graphql/create-graphql.ts';

/** The body of a `POST /graphql`. @throws PurserError BAD_USER_INPUT */
export function parseBody(body: Buffer): unknown {
  if (!isUtf8(body)) throw badUserInput('body', 'The body must be JSON in UTF-8.');
  return parseJson(body.toString(), 'body');
}

function parseJson(text: string, field: 'body' | 'variables' | 'extensions'): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error quotes the text.
    throw badUserInput(field, field === 'body' ? 'The body must be JSON.' : `\`${field}\` must be JSON.`);
  }
}

/** The parameters of a `GET /graphql`, by the same names as in a body. @throws PurserError BAD_USER_INPUT */
export function parseQueryString(url: string): unknown {
  const parameters = new URL(url, 'http://purser').searchParams;
  const given = (name: string): string | undefined => {
    const [value, ...more] = parameters.getAll(name);
    if (more.length > 0) throw badUserInput(name, `Give \`${name}\` once.`);
    return value;
  };
  const json = (name: 'variables' | 'extensions') => {
    const text = given(name);
    return text === undefined ? undefined : parseJson(text, name);
  };
  return {
    query: given('query'),
    // By the specification an empty name is the same as no name.
    operationName: given('operationName') || undefined,
    variables: json('variables'),
    extensions: json('extensions'),
  };
}

/**
 * A well-formed request, over HTTP or WebSocket. Other members than these are ignored.
 * @throws PurserError BAD_USER_INPUT, PERSISTED_QUERY_NOT_SUPPORTED
 */
export function readOperation(value: unknown): OperationRequest {
  if (Array.isArray(value)) throw badUserInput('body', 'Send one operation per request: batches are not supported.');
  if (!isRecord(value)) throw badUserInput('body', 'The body must be a JSON object with `query`.');
  if (Object.hasOwn(value, '__proto__')) throw badUserInput('body', 'An input cannot have the name `__proto__`.');
  const { query, operationName = null, variables = null, extensions = null } = value;
  if (extensions !== null && !isRecord(extensions)) {
    throw badUserInput('extensions', '`extensions` must be an object.');
  }
  if ((query === undefined || query === null) && extensions !== null && Object.hasOwn(extensions, 'persistedQuery')) {
    // By this very text urql's exchange sends the document instead; Apollo's link goes by the code.
    throw new PurserError('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
  }
  if (typeof query !== 'string' || query === '') throw badUserInput('query', '`query` must be a GraphQL document.');
  if (operationName !== null && typeof operationName !== 'string') {
    throw badUserInput('operationName', '`operationName` must be a string.');
  }
  if (variables !== null && !isRecord(variables)) throw badUserInput('variables', '`variables` must be an object.');
  return { query, operationName: operationName ?? undefined, variables: variables ?? {} };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
