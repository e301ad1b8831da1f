import type { EgressRequest, EgressResponse, EgressSession } from '../../application/ports/egress.ts';
import { Secret } from '../../domain/secret.ts';
import { ProbeFault } from './probe-fault.ts';

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

/** Gives the steps of a probe only the answers that they have to tell apart: 429 and server errors are thrown. */
export interface Conversation {
  /** @throws ProbeFault @throws EgressFailed */
  ask(url: URL, ask: Ask): Promise<EgressResponse>;
}

export function createConversation(session: EgressSession): Conversation {
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
      if (response.status === 429) throw new ProbeFault('RATE_LIMITED');
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

export function basic(username: string, password: Secret): Secret {
  return new Secret(`Basic ${Buffer.from(`${username}:${password.reveal()}`).toString('base64')}`);
}

export function bearer(token: Secret): Secret {
  return new Secret(`Bearer ${token.reveal()}`);
}

export function isRedirect({ status }: EgressResponse): boolean {
  return status >= 300 && status < 400;
}
