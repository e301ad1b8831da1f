import { createHash } from 'node:crypto';
import { badUserInput, PurserError } from '../domain/errors.ts';
import { keyedEventId } from '../domain/identity.ts';
import { Secret } from '../domain/secret.ts';
import { hasHiddenCharacters } from '../domain/text-rules.ts';
import type { RecordedEvent } from './ports/event-log.ts';
import type { RequestContext } from './request-context.ts';

const MAX_KEY_LENGTH = 255;

/** What makes a repeated request the same one: the id that its first event has, and what was asked for. */
export interface IdempotentRequest {
  readonly eventId: string;
  readonly fingerprint: string;
}

/**
 * The key is scoped to project, issuer and subject. The fingerprint covers the operation and all of the input but
 * secrets, which are compared with the sealed ones instead, so that no hash of a password is ever stored.
 */
export function idempotentRequest(
  context: RequestContext,
  projectId: string,
  operation: string,
  target: string | null,
  input: { readonly idempotencyKey: string | null | undefined },
): IdempotentRequest | null {
  const { idempotencyKey, ...rest } = input;
  if (idempotencyKey === null || idempotencyKey === undefined) return null;
  if (idempotencyKey.trim() === '' || idempotencyKey.length > MAX_KEY_LENGTH || hasHiddenCharacters(idempotencyKey)) {
    throw badUserInput(
      'idempotencyKey',
      `idempotencyKey must have 1 to ${MAX_KEY_LENGTH} visible characters, such as a UUID.`,
    );
  }
  const { subject, issuer } = context.principal;
  return {
    eventId: keyedEventId({ projectId, issuer, subject, idempotencyKey }),
    fingerprint: createHash('sha256')
      .update(canonicalJson([operation, target, rest]))
      .digest('hex'),
  };
}

export function requireSameRequest(request: IdempotentRequest, first: RecordedEvent): void {
  if (first.metadata.fingerprint !== request.fingerprint) throw keyReused();
}

export function keyReused(): PurserError {
  return new PurserError(
    'IDEMPOTENCY_KEY_REUSED',
    'This idempotencyKey was used for another request. Use a new key for a new request.',
    { field: 'idempotencyKey' },
  );
}

/** Keys sorted, undefined left out, secrets by nothing but their presence. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, json: unknown) {
    const held = this[key];
    // `json` is what Secret's toJSON made of it.
    if (held instanceof Secret) return held.isBlank ? null : json;
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
    return Object.fromEntries(Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
