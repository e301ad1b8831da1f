import type { FastifyReply } from 'fastify';
import { AuthenticationFailed } from '../../application/ports/authenticator.ts';
import { ERROR_REFERENCE } from '../../domain/error-reference.ts';
import { type ErrorCode, PurserError } from '../../domain/errors.ts';
import { protocolError, publicErrorOf } from '../../graphql/pipeline/errors.ts';
import { challengeTo } from '../authentication.ts';
import { requestFaultOf } from '../request-fault.ts';

/** Why a client gets no credential, as a sentence: none of these clients reads more than a status and a text. */
export interface CredentialRefusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The refusal that an error stands for. What is not meant for callers becomes INTERNAL with a constant text. */
export function credentialRefusal(error: unknown): CredentialRefusal {
  if (error instanceof AuthenticationFailed) {
    const { message } = protocolError('UNAUTHENTICATED');
    return { status: 401, code: 'UNAUTHENTICATED', message, headers: { 'www-authenticate': challengeTo(error) } };
  }
  if (error instanceof PurserError) {
    const { code, details } = error;
    const { message } = code === 'INTERNAL' ? protocolError('INTERNAL') : publicErrorOf(error);
    const headers = 'retryAfter' in details ? { 'retry-after': String(Math.ceil(details.retryAfter)) } : {};
    return { status: ERROR_REFERENCE[code].status, code, message, headers };
  }
  const fault = requestFaultOf(error);
  const code = fault.status === 500 ? 'INTERNAL' : 'BAD_USER_INPUT';
  const message = fault.status === 413 ? 'The body is too large.' : fault.error.message;
  return { status: fault.status, code, message, headers: fault.headers };
}

export function sendRefusal(reply: FastifyReply, { status, code, message, headers }: CredentialRefusal): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .type('text/plain; charset=utf-8')
    .send(`Purser refused this (${code}): ${message}\n`);
}
