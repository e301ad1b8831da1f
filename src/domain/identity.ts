import { createHash } from 'node:crypto';
import type { CredentialForm } from './credential.ts';

/** Purser's own namespaces. Every id that was ever given out depends on them, so they never change. */
export const REGISTRY_NAMESPACE = '4f848f95-b14f-43cc-9cd4-216d20f611e6';
export const IDEMPOTENCY_NAMESPACE = 'ddb30393-09aa-4c4d-834b-7e84dd92580c';
export const NOTICE_NAMESPACE = '5b0c1f0e-6f3e-4a53-9d0e-0d9c2b7a41c8';
export const CALENDAR_NAMESPACE = '6c1b4f0e-93d7-4a52-8f3c-2d0a7e5b9c14';
export const AUDIT_READ_NAMESPACE = '0d7c5a3e-2f61-4b8a-8a54-7be1f0c9d362';
export const TRUST_NAMESPACE = '9a1f6a54-7d5b-4c0e-8f0d-5b1f0a2c7e36';
export const RUN_NAMESPACE = '249664ce-7cab-4ada-9ec1-5c73c184c1b6';

const STREAM_OF_PROJECT = /^(?:(?:registry|lease|notices|health)-[0-9a-f-]{36}|trust-rules)-(?<project>.+)$/s;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * Whether the text is a UUID (RFC 9562, versions 1 to 8) as Purser writes it: lower case, with hyphens. Ids are part of
 * stream names, where another spelling would name another stream.
 */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** An entered id in Purser's spelling. Undefined if it is not a UUID. */
export function parseUuid(entered: string): string | undefined {
  const id = entered.toLowerCase();
  return isUuid(id) ? id : undefined;
}

/** RFC 9562, section 5.5: SHA-1 of the namespace's bytes followed by the name's UTF-8. */
export function uuidV5(namespace: string, name: string): string {
  if (!isUuid(namespace)) throw new TypeError('the namespace of a UUIDv5 must be a UUID');
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * Several values as one name. JSON keeps them apart, whatever they contain. It also escapes lone surrogates, which
 * UTF-8 would make equal.
 */
function nameOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/** A registry is its canonical URL within a project: the same pair always gives the same id, on every replica. */
export function registryId(projectId: string, canonicalUrl: string): string {
  return uuidV5(REGISTRY_NAMESPACE, nameOf(projectId, canonicalUrl));
}

/**
 * Streams of registries and leases are named by their project too. So the id of another project's registry names a stream
 * that does not exist: it costs exactly what an unknown id costs, and nothing has to be compared.
 */
export function registryStream(projectId: string, registryId: string): string {
  return `registry-${registryId}-${projectId}`;
}

/** The stream for what people were told of a registry by the clock. A notice must not change the registry's revision. */
export function noticeStream(projectId: string, registryId: string): string {
  return `notices-${registryId}-${projectId}`;
}

export function leaseStream(projectId: string, leaseId: string): string {
  return `lease-${leaseId}-${projectId}`;
}

/** A feed's id follows from the hash of its capability, so that the capability alone finds the feed's stream. */
export function calendarFeedId(capabilityHash: string): string {
  return uuidV5(CALENDAR_NAMESPACE, capabilityHash);
}

export function calendarStream(feedId: string): string {
  return `calendar-${feedId}`;
}

/** All trust rules of a project are in one stream: an ask reads them at once, and their number has a limit. */
export function trustStream(projectId: string): string {
  return `trust-rules-${projectId}`;
}

/** Each question what a token would be granted has a stream. */
export function trustCheckStream(checkId: string): string {
  return `trust-check-${checkId}`;
}

/** The id of a rule that is created with an idempotency key: the same, however often the request is sent. */
export function trustRuleId(idempotencyId: string): string {
  return uuidV5(TRUST_NAMESPACE, idempotencyId);
}

const DECISION_STREAMS = ['registry-', 'lease-', 'calendar-', 'notices-', 'idempotency-', 'trust-'] as const;

/** Whether decisions read the stream. Its events are appended at an exact revision. */
export function isDecisionStream(stream: string): boolean {
  return DECISION_STREAMS.some((kind) => stream.startsWith(kind));
}

/**
 * Whether the stream's events are authenticated. People are told, and places to test at are chosen, by what tests found,
 * so they are too, although they are appended at any revision.
 */
export function isAuthenticatedStream(stream: string): boolean {
  return isDecisionStream(stream) || stream.startsWith('health-');
}

/** What a stream is the record of, in words for callers. */
export function subjectOfStream(stream: string): string {
  if (stream.startsWith('calendar-')) return 'calendar feed';
  if (stream.startsWith('trust-')) return "project's trust rules";
  return stream.startsWith('idempotency-') ? 'idempotency key' : 'registry';
}

/** The project that a stream of a registry, its notices, its tests, a lease or trust rules belongs to; null for others. */
export function projectOfStream(stream: string): string | null {
  return STREAM_OF_PROJECT.exec(stream)?.groups?.project ?? null;
}

/**
 * The stream for the times that a lease's password was given out again. Nothing is decided from it, so the lease's own stream
 * stays short and no request waits for another.
 */
export function reissueStream(leaseId: string): string {
  return `reissue-${leaseId}`;
}

/** Who read a project's audit log, and the start of the minute, in milliseconds since 1970. */
export interface AuditReadKey {
  readonly projectId: string;
  readonly caller: string;
  readonly minute: number;
}

/** The id of the event that records it: the same on every replica, so that the log takes it once. */
export function auditReadId({ projectId, caller, minute }: AuditReadKey): string {
  return uuidV5(AUDIT_READ_NAMESPACE, nameOf(projectId, caller, String(minute)));
}

/** A stream for this one event: in a longer one, a log may not find the id again. */
export function auditReadStream(readId: string): string {
  return `audit-read-${readId}`;
}

/** The stream for tests of a registry's credential. A test must not change the registry's revision. */
export function healthStream(projectId: string, registryId: string): string {
  return `health-${registryId}-${projectId}`;
}

/** The stream for one count of refused attempts, of one project, several or none. Why each has one: `auditReadStream`. */
export function refusalsStream(countId: string): string {
  return `refusals-${countId}`;
}

/** The stream for a project's denied and failed attempts, each by itself. */
export function accessStream(projectId: string): string {
  return `access-${projectId}`;
}

/** The scope of an idempotency key: the same text from another caller is another key. */
export interface KeyedCommand {
  readonly projectId: string;
  readonly subject: string;
  readonly issuer: string;
  readonly idempotencyKey: string;
}

/** The id of a key stays the same, however often a command is sent with it. */
export function idempotencyId({ projectId, subject, issuer, idempotencyKey }: KeyedCommand): string {
  return uuidV5(IDEMPOTENCY_NAMESPACE, nameOf(projectId, issuer, subject, idempotencyKey));
}

/** The stream in which one request claims a key. */
export function idempotencyStream(idempotencyId: string): string {
  return `idempotency-${idempotencyId}`;
}

/** What a notice is of. */
export interface NoticeKey {
  readonly registryId: string;
  readonly credentialVersion: number;
  readonly kind: string;
  readonly deadline: string | null;
  /** An expiry that is changed and changed back is announced again, as another event. */
  readonly deadlineChanges: number;
  readonly thresholdMs: number;
}

/** The id of a notice's event: the same on every replica, and if it is written again. */
export function noticeId(key: NoticeKey): string {
  const { registryId, credentialVersion, kind, deadline, deadlineChanges, thresholdMs } = key;
  const numbers = [credentialVersion, deadlineChanges, thresholdMs].map(String);
  return uuidV5(NOTICE_NAMESPACE, nameOf(registryId, kind, deadline ?? '', ...numbers));
}

/** Derives further ids from one, by number. */
export function derivedId(id: string, index: number): string {
  return uuidV5(id, String(index));
}

/** Who asks, for which run of a pipeline, and for what: equal asks share a lease while it lasts. */
export interface Run {
  readonly projectId: string;
  readonly registryId: string;
  readonly credentialVersion: number;
  readonly issuer: string;
  readonly subject: string;
  readonly pipeline: string;
  readonly runId: string;
  readonly purpose: string;
  readonly form: CredentialForm;
}

/** The id of a run's lease, by number. */
export function runLeaseId(run: Run, index: number): string {
  const { projectId, registryId, credentialVersion, issuer, subject, pipeline, runId, purpose, form } = run;
  const caller = nameOf(projectId, issuer, subject);
  // A lease of a password has the name that it had before there were forms.
  const what = form === 'PASSWORD' ? purpose : `${purpose} ${form}`;
  const asked = nameOf(pipeline, runId, registryId, what, String(credentialVersion), String(index));
  return uuidV5(RUN_NAMESPACE, nameOf(caller, asked));
}
