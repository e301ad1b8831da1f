import { errorOf, errorOfStatus, isRecord, OfflineError } from './errors.ts';
import type { TypedDocumentString } from './generated/graphql.ts';
import { sendWithToken, type TokenSource } from './token-source.ts';

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

export interface Api {
  /**
   * One operation, sent once. A token that was refused is renewed, and the operation sent again: it was not carried out.
   * @throws ApiError, OfflineError, SignedOutError
   */
  request<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    options?: RequestOptions,
  ): Promise<Result>;
}

const ACCEPT = 'application/graphql-response+json, application/json;q=0.9';

export function createApi(tokens: TokenSource, endpoint = '/graphql'): Api {
  async function send(token: string, body: string, signal: AbortSignal | undefined): Promise<Response> {
    try {
      return await fetch(endpoint, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: ACCEPT },
        body,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      throw failureOf(error);
    }
  }

  return {
    async request(document, variables, { signal } = {}) {
      const body = JSON.stringify({ query: document.toString(), variables });
      return answerOf(await sendWithToken(tokens, (token) => send(token, body, signal)));
    },
  };
}

async function answerOf<Result>(response: Response): Promise<Result> {
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const body = await bodyOf(response);
  const error = errorOf(body, requestId);
  if (error !== undefined) throw error;
  if (!isRecord(body) || !('data' in body)) throw errorOfStatus(response.status, requestId);
  // The service checked the document against the schema that the type was made from.
  return body.data as Result;
}

async function bodyOf(response: Response): Promise<unknown> {
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    throw failureOf(error);
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A request that the caller gave up stays an AbortError, which TanStack Query knows. */
function failureOf(error: unknown): unknown {
  if (error instanceof DOMException && error.name === 'AbortError') return error;
  return new OfflineError('The service did not answer.', { cause: error });
}
