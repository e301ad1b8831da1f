import type { EgressResponse } from '../../application/ports/egress.ts';
import type { StatedLife } from '../../domain/registry-token.ts';
import { Secret } from '../../domain/secret.ts';
import { basic, type Conversation } from './conversation.ts';
import { isObject, parseJson } from './registry-errors.ts';

/** Docker's user name for a password that is a refresh token. */
const IDENTITY_TOKEN = '<token>';
const CLIENT_ID = 'purser';

export interface TokenServer {
  /** Checked: the credential may be sent there. */
  readonly realm: URL;
  readonly service: string | null;
}

export interface Login {
  readonly username: string;
  readonly password: Secret;
}

export type TokenAnswer =
  /** `stated` is what the answer says of its life, unchecked. A probe is shorter than any: 60 seconds by the specification. */
  | { readonly kind: 'TOKEN'; readonly token: Secret; readonly stated: Omit<StatedLife, 'exp'> }
  /** The server gave a new refresh token in place of the one that was sent, which is of no use any more. */
  | { readonly kind: 'SPENT' }
  /** Any other status, and a 200 without a token. */
  | { readonly kind: 'NONE'; readonly response: EgressResponse };

/** The scope of a repository. The name is not escaped, even if it contains a port's colon. */
export function repositoryScope(repository: string, actions: readonly ('pull' | 'push')[]): string {
  return `repository:${repository}:${actions.join(',')}`;
}

/**
 * Asks for a token as container clients do: GET with Basic, and the form of OAuth 2 only for refresh tokens and if the
 * server supports nothing else. Without scopes the request is the same as that of `docker login`.
 * @throws ProbeFault @throws EgressFailed
 */
export async function requestToken(
  conversation: Conversation,
  server: TokenServer,
  login: Login,
  scopes: readonly string[],
): Promise<TokenAnswer> {
  if (login.username === IDENTITY_TOKEN) return posted(conversation, server, login, scopes);
  const authorization = basic(login.username, login.password);
  const response = await conversation.ask(queryUrl(server, scopes), { authorization });
  return response.status === 405 ? posted(conversation, server, login, scopes) : tokenIn(response);
}

function queryUrl({ realm, service }: TokenServer, scopes: readonly string[]): URL {
  const url = new URL(realm);
  if (service !== null) url.searchParams.set('service', service);
  url.searchParams.set('client_id', CLIENT_ID);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return url;
}

async function posted(
  conversation: Conversation,
  { realm, service }: TokenServer,
  { username, password }: Login,
  scopes: readonly string[],
): Promise<TokenAnswer> {
  const form = new URLSearchParams({ client_id: CLIENT_ID, ...(service !== null && { service }) });
  if (username === IDENTITY_TOKEN) {
    form.set('grant_type', 'refresh_token');
    form.set('refresh_token', password.reveal());
  } else {
    form.set('grant_type', 'password');
    form.set('username', username);
    form.set('password', password.reveal());
  }
  // One field with all scopes, while GET repeats the parameter.
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  const response = await conversation.ask(realm, { method: 'POST', authorization: null, form });
  return username === IDENTITY_TOKEN && givesAnother(response, password) ? { kind: 'SPENT' } : tokenIn(response);
}

/** A server that keeps the refresh token sends none, or the same (RFC 6749, section 6). */
function givesAnother({ status, body }: EgressResponse, sent: Secret): boolean {
  const answer = status === 200 ? parseJson(body) : undefined;
  const given = isObject(answer) ? answer.refresh_token : undefined;
  return typeof given === 'string' && given !== '' && given !== sent.reveal();
}

function tokenIn(response: EgressResponse): TokenAnswer {
  const answer = response.status === 200 ? parseJson(response.body) : undefined;
  if (!isObject(answer)) return { kind: 'NONE', response };
  const token = [answer.token, answer.access_token].find(isSendable);
  if (token === undefined) return { kind: 'NONE', response };
  const stated = { expiresIn: answer.expires_in, issuedAt: answer.issued_at };
  return { kind: 'TOKEN', token: new Secret(token), stated };
}

/** Whether the token can be sent in a header. */
function isSendable(token: unknown): token is string {
  return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token);
}
