import { randomUUID } from 'node:crypto';

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
