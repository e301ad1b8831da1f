import { randomBytes } from 'node:crypto';
import { createEventAuthenticator } from '../../src/adapters/vault/event-authenticator.ts';
import type { EventAuthenticator } from '../../src/application/ports/event-authenticator.ts';

/** With a new key, which no other has. */
export function someAuthenticator(): EventAuthenticator {
  return createEventAuthenticator([{ id: 1, bytes: randomBytes(32) }]);
}
