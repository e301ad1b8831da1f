import { createHash } from 'node:crypto';
import { badUserInput, PurserError } from '../../domain/errors.ts';
import { decodeEvent } from '../../domain/event-codec.ts';
import { idempotencyId, idempotencyStream } from '../../domain/identity.ts';
import { Secret } from '../../domain/secret.ts';
import { hasHiddenCharacters } from '../../domain/text-rules.ts';
import { WrongExpectedRevision } from '../ports/event-log.ts';
import type { RequestContext, TimedMetadata } from '../request-context.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { EventWriter, Written } from './event-writer.ts';

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

/** What a command is about to append to. */
export interface ClaimedTarget {
  readonly stream: string;
  /** As it was read: the command's events come after it. */
  readonly revision: number | 'no-stream';
}

/** What the key's stream says of the command. */
export interface KeyClaim extends ClaimedTarget {
  /** Of the key's stream. */
  readonly claimRevision: number;
}

/**
 * Each key has a stream. Its first event says which request has the key. A command claims its key after it is decided
 * and before its events are appended. So a refused command leaves its key free, and after a crash in between, the same
 * request can use its claim and finish. The claim says where the command's events can be, so that a repeated request
 * finds them without reading what is before them.
 */
export interface IdempotencyKeys {
  /**
   * What this request has claimed its key for; undefined if the key is free.
   * @throws PurserError IDEMPOTENCY_KEY_REUSED if another request has claimed it
   */
  claimOf(request: IdempotentRequest): Promise<KeyClaim | undefined>;
  /**
   * Claims the key, durably, before it resolves. Succeeds too if an equal request claimed it meanwhile.
   * @throws PurserError IDEMPOTENCY_KEY_REUSED
   */
  claim(request: IdempotentRequest, target: ClaimedTarget, metadata: TimedMetadata): Promise<void>;
  /**
   * Claims it again if the target went on without the command's events, so that nobody looks for them there once more.
   * @param revision up to which the target was searched
   */
  renew(request: IdempotentRequest, claim: KeyClaim, revision: number, metadata: TimedMetadata): Promise<void>;
}

export interface IdempotencyKeysDeps {
  readonly aggregates: Pick<AggregateStore, 'events'>;
  readonly writer: Pick<EventWriter, 'append'>;
}

export function createIdempotencyKeys({ aggregates, writer }: IdempotencyKeysDeps): IdempotencyKeys {
  async function claimOf({ id, fingerprint }: IdempotentRequest): Promise<KeyClaim | undefined> {
    let last: KeyClaim | undefined;
    for await (const recorded of aggregates.events(idempotencyStream(id))) {
      const { type, data } = decodeEvent(recorded);
      if (type !== 'IdempotencyKeyClaimed' || data.fingerprint !== fingerprint) throw keyReused();
      last = { stream: data.target, revision: data.targetRevision ?? 'no-stream', claimRevision: recorded.revision };
    }
    return last;
  }

  /** Undefined if the key's stream is not as expected. */
  async function append(
    { id, operation, fingerprint }: IdempotentRequest,
    { stream, revision }: ClaimedTarget,
    expected: number | 'no-stream',
    metadata: TimedMetadata,
  ): Promise<Written | undefined> {
    const targetRevision = revision === 'no-stream' ? null : revision;
    const data = { operation, target: stream, targetRevision, fingerprint };
    try {
      const events = [{ type: 'IdempotencyKeyClaimed', data }] as const;
      return await writer.append({ stream: idempotencyStream(id), expected, events, metadata });
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      return undefined;
    }
  }

  return {
    claimOf,
    async claim(request, target, metadata) {
      if (!(await append(request, target, 'no-stream', metadata))) await claimOf(request);
    },
    async renew(request, { stream, claimRevision }, revision, metadata) {
      await append(request, { stream, revision }, claimRevision, metadata);
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
