import type { EgressRequest, EgressResponse, EgressSession } from '../../application/ports/egress.ts';
import { Secret } from '../../domain/secret.ts';
import { ProbeFault } from './probe-fault.ts';
import { errorCode, isObject, parseJson } from './registry-errors.ts';

const USER_AGENT = 'purser';

export interface Ask {
  readonly method?: EgressRequest['method'];
  /** The `Authorization` header; null sends none. */
  readonly authorization: Secret | null;
  readonly accept?: string;
  /** Form fields of a POST. */
  readonly form?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Gives the steps of a probe only the answers that they have to tell apart. Others say nothing of a credential: they are thrown. */
export interface Conversation {
  /** @throws ProbeFault @throws EgressFailed */
  ask(url: URL, ask: Ask): Promise<EgressResponse>;
}

/** @param plainTextRefusals whether the registry refuses credentials with plain text */
export function createConversation(session: EgressSession, plainTextRefusals: boolean): Conversation {
  return {
    async ask(url, { method = 'GET', authorization, accept = 'application/json', form, headers = {} }) {
      const response = await session.request({
        url: url.href,
        method,
        headers: {
          ...headers,
          accept,
          'user-agent': USER_AGENT,
          ...(authorization !== null && { authorization: authorization.reveal() }),
          ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(form !== undefined && { body: form.toString() }),
      });
      if (isClientCertificateDemanded(response)) throw new ProbeFault('TLS_INVALID', 'CLIENT_CERTIFICATE_DEMANDED');
      if (isThrottled(response)) throw new ProbeFault('RATE_LIMITED');
      if (!plainTextRefusals && isBlocked(response)) throw new ProbeFault('RATE_LIMITED', 'BLOCKED');
      if (response.status >= 500) throw new ProbeFault('UNEXPECTED_ANSWER', 'SERVER_ERROR');
      return response;
    },
  };
}

/** nginx completes the handshake and then answers this (ngx_http_special_response.c, 496); ingresses and proxies pass it on. */
const NO_CLIENT_CERTIFICATE = /No required SSL certificate was sent/;

function isClientCertificateDemanded({ status, body }: EgressResponse): boolean {
  return status === 496 || (status === 400 && NO_CLIENT_CERTIFICATE.test(body.toString('latin1')));
}

/** Some answer 403 with these headers, as GitHub does, or the code of the specification with another status. */
function isThrottled({ status, headers, body }: EgressResponse): boolean {
  if (status === 429) return true;
  if (status < 400 || status >= 500) return false;
  const waits = headers.has('retry-after') || headers.get('x-ratelimit-remaining')?.includes('0') === true;
  return (status === 403 && waits) || errorCode(body) === 'TOOMANYREQUESTS';
}

/** A registry that refuses a login says so in JSON, or says nothing. GitLab bans an address with `Forbidden`. */
function isBlocked({ status, body }: EgressResponse): boolean {
  return status === 403 && body.length > 0 && !isObject(parseJson(body));
}

export function basic(username: string, password: Secret): Secret {
  return new Secret(`Basic ${Buffer.from(`${username}:${password.reveal()}`).toString('base64')}`);
}

export function bearer(token: Secret): Secret {
  return new Secret(`Bearer ${token.reveal()}`);
}

export function isRedirect({ status }: EgressResponse): boolean {
  return status >= 300 && status < 400;
}
