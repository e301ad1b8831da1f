import type { IncomingMessage } from 'node:http';
import { AuthenticationFailed, type Authenticator } from '../application/ports/authenticator.ts';
import type { Principal } from '../domain/permissions.ts';

const BEARER = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i;
/** Something that is meant to be a token. */
const BEARER_ATTEMPT = /^Bearer\s+\S/i;

/** The caller by `Authorization: Bearer …`, as a header or in a WebSocket's `connection_init`. @throws AuthenticationFailed */
export function authenticate(authorization: unknown, authenticator: Authenticator): Promise<Principal> {
  const token = typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
  if (token !== undefined) return authenticator.authenticate(token);
  const tried = typeof authorization === 'string' && BEARER_ATTEMPT.test(authorization);
  return Promise.reject(new AuthenticationFailed(tried ? 'malformed' : 'missing'));
}

/** @throws AuthenticationFailed */
export async function authenticateRequest(request: IncomingMessage, authenticator: Authenticator): Promise<Principal> {
  if (hasSeveralAuthorizations(request)) throw new AuthenticationFailed('malformed');
  return authenticate(request.headers.authorization, authenticator);
}

/** Node silently keeps the first of several `Authorization` headers, so it is unclear which one was meant. */
function hasSeveralAuthorizations({ rawHeaders }: IncomingMessage): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 13 && name.toLowerCase() === 'authorization') count += 1;
  }
  return count > 1;
}

/** The `WWW-Authenticate` of RFC 6750: no error code if no token came, and the same text for every reason. */
export function challengeTo({ reason }: AuthenticationFailed): string {
  return reason === 'missing'
    ? 'Bearer'
    : 'Bearer error="invalid_token", error_description="The token is invalid or has expired"';
}
