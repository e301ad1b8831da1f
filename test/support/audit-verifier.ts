import { createHash } from 'node:crypto';

/**
 * Verifies an audit log. Written from docs/audit-format.md alone: it imports nothing of the service, and serialises
 * JSON by the rules of that page rather than by the runtime's own function.
 */
export interface ExportedEntry {
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
  readonly changes: readonly { readonly field: string; readonly from: string | null; readonly to: string | null }[];
  readonly durationMs: number | null;
  readonly count: number;
  readonly until: string | null;
  readonly identity: {
    readonly ruleId: string;
    readonly ruleName: string;
    readonly claims: readonly { readonly name: string; readonly value: string }[];
  } | null;
  readonly hash: string;
}

/** The sequence at which the project's chain breaks; undefined if it is whole. Entries are in the order of the log. */
export function firstBreak(projectId: string, entries: readonly ExportedEntry[]): number | undefined {
  let previous = createHash('sha256').update(projectId, 'utf8').digest('hex');
  for (const [index, entry] of entries.entries()) {
    const computed = createHash('sha256')
      .update(`${previous}\n${hashedText(entry)}`, 'utf8')
      .digest('hex');
    if (entry.sequence !== index + 1 || entry.hash !== computed) return index + 1;
    previous = computed;
  }
  return undefined;
}

export function hashedText(entry: ExportedEntry): string {
  if (entry.format !== 1) throw new Error(`format ${entry.format} is not known`);
  const { identity } = entry;
  return array([
    integer(entry.format),
    integer(entry.sequence),
    text(entry.eventId),
    text(entry.occurredAt),
    text(entry.action),
    text(entry.outcome),
    text(entry.code),
    text(entry.field),
    text(entry.actor),
    text(entry.issuer),
    text(entry.tokenId),
    text(entry.ipAddress),
    text(entry.userAgent),
    text(entry.requestId),
    text(entry.registryId),
    text(entry.url),
    text(entry.pipeline),
    text(entry.runId),
    text(entry.image),
    text(entry.leaseId),
    array(entry.changes.map(({ field, from, to }) => array([text(field), text(from), text(to)]))),
    entry.durationMs === null ? 'null' : integer(entry.durationMs),
    integer(entry.count),
    text(entry.until),
    identity === null
      ? 'null'
      : array([
          text(identity.ruleId),
          text(identity.ruleName),
          array(identity.claims.map(({ name, value }) => array([text(name), text(value)]))),
        ]),
  ]);
}

function array(elements: readonly string[]): string {
  return `[${elements.join(',')}]`;
}

function integer(value: number): string {
  if (!/^(?:0|[1-9][0-9]*)$/.test(String(value))) throw new Error(`${value} is not an integer from 0`);
  return String(value);
}

const SHORT_ESCAPES = new Map([
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
]);

function text(value: string | null): string {
  if (value === null) return 'null';
  let quoted = '"';
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0;
    quoted += SHORT_ESCAPES.get(code) ?? (code < 0x20 ? `\\u${code.toString(16).padStart(4, '0')}` : character);
  }
  return `${quoted}"`;
}
