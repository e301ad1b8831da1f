import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { AuthenticatedEvent, EventAuthenticator } from '../../application/ports/event-authenticator.ts';
import type { EventMetadata, StreamEvent } from '../../application/ports/event-log.ts';
import { type EventType, isAuthenticated } from '../../domain/events.ts';
import { isAuthenticatedStream, isDecisionStream, registryId } from '../../domain/identity.ts';
import { lengthPrefixed } from './length-prefixed.ts';

export interface EventKey {
  readonly id: number;
  /** Zeroed once it was taken over. */
  readonly bytes: Buffer;
}

/** Such as `1.<43 characters>`: the key's id and HMAC-SHA-256 in base64url. */
const CODE = /^[1-9][0-9]{0,9}\.[A-Za-z0-9_-]{43}$/;

/** Keys that another thread of this process can be given. A KeyObject does not reveal its bytes when it is printed. */
export type EventKeyObjects = ReadonlyMap<number, KeyObject>;

const keysOf = new WeakMap<EventAuthenticator, EventKeyObjects>();

/** For a thread, which makes its own authenticator of them. */
export function eventKeysOf(authenticator: EventAuthenticator): EventKeyObjects {
  const keys = keysOf.get(authenticator);
  if (keys === undefined) throw new TypeError('the authenticator has no keys');
  return keys;
}

/** The key with the highest id signs; the codes of all are known. */
export function createEventAuthenticator(eventKeys: readonly [EventKey, ...EventKey[]]): EventAuthenticator {
  const keys = new Map<number, KeyObject>();
  for (const { id, bytes } of eventKeys) {
    keys.set(id, createSecretKey(bytes));
    bytes.fill(0);
  }
  return authenticatorWith(keys);
}

export function authenticatorWith(keys: EventKeyObjects): EventAuthenticator {
  const signing = Math.max(...keys.keys());

  function codeBy(keyId: number, bytes: Uint8Array): string | undefined {
    const key = keys.get(keyId);
    if (key === undefined) return undefined;
    return `${keyId}.${createHmac('sha256', key).update(bytes).digest('base64url')}`;
  }

  function sign(bytes: Uint8Array): string {
    const code = codeBy(signing, bytes);
    if (code === undefined) throw new Error('the signing key is missing');
    return code;
  }

  function isCodeOf(code: string, bytes: Uint8Array): boolean {
    if (!CODE.test(code)) return false;
    const expected = codeBy(Number(code.slice(0, code.indexOf('.'))), bytes);
    return expected !== undefined && isEqual(expected, code);
  }

  function isSignedAt(event: StreamEvent, revision: number | null): boolean {
    const { mac, metadata } = withoutCode(event);
    return isCodeOf(mac, signedBytes({ ...event, metadata, revision }));
  }

  const authenticator: EventAuthenticator = {
    sign: (event) => sign(signedBytes(event)),
    isAuthentic(event) {
      if (!isAuthenticatedStream(event.stream)) {
        return !isAuthenticated(event.type) && hasOwner(event) && isOfItsProject(event);
      }
      return isSignedAt(event, isDecisionStream(event.stream) ? event.revision : null);
    },
    // Which streams are appended to at any revision, only the version that wrote the event knows.
    isSigned: (event) => isSignedAt(event, event.revision) || isSignedAt(event, null),
    signText: ({ purpose, text }) => sign(lengthPrefixed(`purser ${purpose}`, text)),
    isAuthenticText: ({ purpose, text }, code) => isCodeOf(code, lengthPrefixed(`purser ${purpose}`, text)),
  };
  keysOf.set(authenticator, keys);
  return authenticator;
}

/**
 * The data is signed as the text that stands in the log, so that no other spelling of it passes, such as one with a key
 * twice. The metadata holds the code itself: it is signed as it is read, without the code.
 */
function signedBytes(event: AuthenticatedEvent): Buffer {
  const { id, stream, revision, type, schemaVersion, occurredAt, json, metadata } = event;
  // Without a replacer it takes less time, and hardly any event needs one.
  const isPlain = Object.values(metadata).every(isWrittenAsRead);
  const read = isPlain ? JSON.stringify(metadata) : JSON.stringify(metadata, onlyExactNumbers);
  return lengthPrefixed(
    'purser event',
    stream,
    revision === null ? 'any' : String(revision),
    id,
    type,
    String(schemaVersion),
    occurredAt,
    json,
    read,
  );
}

/** Not of objects, which may hold any number. What is undefined is not written. */
function isWrittenAsRead(value: unknown): boolean {
  return typeof value === 'string' || value === null || value === undefined || Number.isSafeInteger(value);
}

/** `1e400` is read as Infinity, which JSON writes as null. */
function onlyExactNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) ? `not exact: ${value}` : value;
}

/** What a writer to the database leaves in a stream without codes can be any JSON. */
function hasOwner({ metadata }: { readonly metadata: Partial<EventMetadata> | null }): boolean {
  const { projectId, actor } = metadata ?? {};
  return typeof actor === 'string' && (typeof projectId === 'string' || projectId === null);
}

/**
 * A use is shown with its registry, whose id tells its project: nobody adds one to a registry of another project. A rebuild in
 * parts, by the project in the metadata, would not find the registry of such a use.
 */
function isOfItsProject({ type, data, metadata }: StreamEvent): boolean {
  if (type !== ('CredentialIssuedAgain' satisfies EventType)) return true;
  if (!hasRegistry(data) || metadata.projectId === null) return false;
  return data.registryId === registryId(metadata.projectId, data.url);
}

function hasRegistry(data: unknown): data is { readonly registryId: string; readonly url: string } {
  if (typeof data !== 'object' || data === null || !('registryId' in data && 'url' in data)) return false;
  return typeof data.registryId === 'string' && typeof data.url === 'string';
}

/** Forged metadata can be any JSON. */
function withoutCode({ metadata: stored }: StreamEvent): Pick<AuthenticatedEvent, 'metadata'> & { mac: string } {
  // JSON leaves out what is undefined. A copy without the member would take several times as long.
  const metadata = { ...stored, mac: undefined };
  return { metadata, mac: typeof stored?.mac === 'string' ? stored.mac : '' };
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
