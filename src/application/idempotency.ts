import { createHash } from 'node:crypto';
import { badUserInput, PurserError } from '../domain/errors.ts';
import { decodeEvent } from '../domain/event-codec.ts';
import { idempotencyId, idempotencyStream } from '../domain/identity.ts';
import { Secret } from '../domain/secret.ts';
import { hasHiddenCharacters } from '../domain/text-rules.ts';
import type { EventWriter } from './event-writer.ts';
import { type EventLog, type EventMetadata, WrongExpectedRevision } from './ports/event-log.ts';
import type { RequestContext } from './request-context.ts';

const MAX_KEY_LENGTH = 255;

/** Identifies a repeated request: its key and what it asks for. */
export interface IdempotentRequest {
  /** The key's id within its project, issuer and subject. */
  readonly id: string;
  readonly operation: string;
  readonly fingerprint: string;
}

/**
 * The key is scoped to project, issuer and subject. The fingerprint covers the operation and its input without secrets.
 * Secrets are compared with the sealed ones instead, so that no hash of a password is ever stored.
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
    id: idempotencyId({ projectId, issuer, subject, idempotencyKey }),
    operation,
    fingerprint: createHash('sha256')
      .update(canonicalJson([operation, target, rest]))
      .digest('hex'),
  };
}

/**
 * Each key has a stream. Its first event says which request has the key. A command claims its key after it is decided
 * and before its events are appended. So a refused command leaves its key free, and after a crash in between, the same
 * request can use its claim and finish.
 */
export interface IdempotencyKeys {
  /**
   * Whether this request has claimed its key already.
   * @throws PurserError IDEMPOTENCY_KEY_REUSED if another request has claimed it
   */
  isClaimed(request: IdempotentRequest): Promise<boolean>;
  /**
   * Claims the key, durably, before it resolves. Succeeds too if an equal request claimed it meanwhile.
   * @param target the stream that the command is about to append to
   * @throws PurserError IDEMPOTENCY_KEY_REUSED
   */
  claim(request: IdempotentRequest, target: string, metadata: EventMetadata): Promise<void>;
}

export interface IdempotencyKeysDeps {
  readonly log: Pick<EventLog, 'readStream'>;
  readonly writer: Pick<EventWriter, 'append'>;
}

export function createIdempotencyKeys({ log, writer }: IdempotencyKeysDeps): IdempotencyKeys {
  async function isClaimed({ id, fingerprint }: IdempotentRequest): Promise<boolean> {
    const [first] = await log.readStream(idempotencyStream(id), { fromRevision: 0, maxCount: 1 });
    if (!first) return false;
    const claim = decodeEvent(first);
    if (claim.type !== 'IdempotencyKeyClaimed' || claim.data.fingerprint !== fingerprint) throw keyReused();
    return true;
  }

  return {
    isClaimed,
    async claim(request, target, metadata) {
      const { id, operation, fingerprint } = request;
      const data = { operation, target, fingerprint };
      try {
        await writer.append({
          stream: idempotencyStream(id),
          expected: 'no-stream',
          events: [{ type: 'IdempotencyKeyClaimed', data }],
          metadata,
        });
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision)) throw error;
        await isClaimed(request);
      }
    },
  };
}

export function keyReused(): PurserError {
  return new PurserError(
    'IDEMPOTENCY_KEY_REUSED',
    'This idempotencyKey was used for another request. Use a new key for a new request.',
    { field: 'idempotencyKey' },
  );
}

export function isKeyReused(error: unknown): boolean {
  return error instanceof PurserError && error.code === 'IDEMPOTENCY_KEY_REUSED';
}

/** JSON with sorted keys, without undefined values. Of a secret it shows only whether there is one. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, json: unknown) {
    const held = this[key];
    // `json` is the result of Secret's toJSON.
    if (held instanceof Secret) return held.isBlank ? null : json;
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
    return Object.fromEntries(Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
