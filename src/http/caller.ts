import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** The request id that the caller sent, if it is valid; otherwise a new UUID. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : randomUUID();
}

const MAX_USER_AGENT_LENGTH = 256;

/** For the audit log: shortened, with everything but printable ASCII escaped. */
export function userAgentOf(header: string | undefined): string | null {
  if (header === undefined || header === '') return null;
  return header
    .slice(0, MAX_USER_AGENT_LENGTH)
    .replace(/[^\x20-\x5b\x5d-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const BEARER = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i;

/** The token of `Authorization: Bearer …`; undefined if there is none. */
export function bearerToken(authorization: unknown): string | undefined {
  return typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
}

/** Node silently keeps the first of several `Authorization` headers, so it is unclear which one was meant. */
export function hasSeveralAuthorizations({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 13 && name.toLowerCase() === 'authorization') count += 1;
  }
  return count > 1;
}
