/** Entries as docs/audit-format.md describes them. Everything here is written from that page. */

export interface AuditChange {
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

export interface WorkloadIdentity {
  readonly ruleId: string;
  readonly ruleName: string;
  readonly claims: readonly { readonly name: string; readonly value: string }[];
}

/** An entry with its place in the chain and its hash. */
export interface ChainedEntry {
  readonly format: number;
  readonly sequence: number;
  readonly eventId: string;
  readonly occurredAt: string;
  readonly action: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly field: string | null;
  readonly actor: string;
  readonly issuer: string | null;
  readonly tokenId: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly registryId: string | null;
  readonly url: string | null;
  readonly pipeline: string | null;
  readonly runId: string | null;
  readonly image: string | null;
  readonly leaseId: string | null;
  readonly changes: readonly AuditChange[];
  readonly durationMs: number | null;
  readonly count: number;
  readonly until: string | null;
  readonly identity: WorkloadIdentity | null;
  readonly hash: string;
}

export type EntryField = keyof ChainedEntry;

/** In the order of an exported line. */
export const ENTRY_FIELDS = [
  'format',
  'sequence',
  'eventId',
  'occurredAt',
  'action',
  'outcome',
  'code',
  'field',
  'actor',
  'issuer',
  'tokenId',
  'ipAddress',
  'userAgent',
  'requestId',
  'registryId',
  'url',
  'pipeline',
  'runId',
  'image',
  'leaseId',
  'changes',
  'durationMs',
  'count',
  'until',
  'identity',
  'hash',
] as const satisfies readonly EntryField[];

type HashedValue = string | number | null | readonly HashedValue[];
type Format = (entry: ChainedEntry) => readonly HashedValue[];

/** What is hashed of an entry, by its format. Formats may follow each other in one chain. */
const FORMATS: ReadonlyMap<number, Format> = new Map([
  [
    1,
    (entry): readonly HashedValue[] => [
      1,
      entry.sequence,
      entry.eventId,
      entry.occurredAt,
      entry.action,
      entry.outcome,
      entry.code,
      entry.field,
      entry.actor,
      entry.issuer,
      entry.tokenId,
      entry.ipAddress,
      entry.userAgent,
      entry.requestId,
      entry.registryId,
      entry.url,
      entry.pipeline,
      entry.runId,
      entry.image,
      entry.leaseId,
      entry.changes.map(({ field, from, to }) => [field, from, to]),
      entry.durationMs,
      entry.count,
      entry.until,
      entry.identity && [
        entry.identity.ruleId,
        entry.identity.ruleName,
        entry.identity.claims.map(({ name, value }) => [name, value]),
      ],
    ],
  ],
]);

export function isKnownFormat(format: unknown): boolean {
  return typeof format === 'number' && FORMATS.has(format);
}

/** The JSON array that is hashed after the hash before it. Undefined: the format is not known. @throws TypeError if it is no entry */
export function hashedText(entry: ChainedEntry): string | undefined {
  const values = FORMATS.get(entry.format)?.(entry);
  return values && JSON.stringify(values);
}

/** The line of an export that holds this entry and nothing else. @throws TypeError if it is no entry */
export function entryLine(entry: ChainedEntry): string {
  const { changes, identity } = entry;
  return JSON.stringify({
    record: 'entry',
    format: entry.format,
    sequence: entry.sequence,
    eventId: entry.eventId,
    occurredAt: entry.occurredAt,
    action: entry.action,
    outcome: entry.outcome,
    code: entry.code,
    field: entry.field,
    actor: entry.actor,
    issuer: entry.issuer,
    tokenId: entry.tokenId,
    ipAddress: entry.ipAddress,
    userAgent: entry.userAgent,
    requestId: entry.requestId,
    registryId: entry.registryId,
    url: entry.url,
    pipeline: entry.pipeline,
    runId: entry.runId,
    image: entry.image,
    leaseId: entry.leaseId,
    changes: changes.map(({ field, from, to }) => ({ field, from, to })),
    durationMs: entry.durationMs,
    count: entry.count,
    until: entry.until,
    identity: identity && {
      ruleId: identity.ruleId,
      ruleName: identity.ruleName,
      claims: identity.claims.map(({ name, value }) => ({ name, value })),
    },
    hash: entry.hash,
  });
}

/** Whether the line is this entry, whole, and says nothing beside it: what is not hashed must not be there. */
export function isCanonical(entry: ChainedEntry, line: string): boolean {
  try {
    return ENTRY_FIELDS.every((field) => entry[field] !== undefined) && entryLine(entry) === line;
  } catch {
    return false;
  }
}
