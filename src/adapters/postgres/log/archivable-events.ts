import type { Client } from 'pg';
import type { EventAuthenticator } from '../../../application/ports/event-authenticator.ts';
import { BEGINNING, type Position, type StoredMetadata } from '../../../application/ports/event-log.ts';
import { decodeEvent, isKnownEvent } from '../../../domain/event-codec.ts';
import type { EventType } from '../../../domain/events.ts';
import { LEASE_CLOSES_AFTER_MS } from '../../../domain/lease.ts';
import { type ArchivedEvent, type ArchivedRange, lineOf } from './event-archive-file.ts';

const PAGE = 500;

const OF_LEASES: readonly EventType[] = ['CredentialIssued', 'CredentialIssuedAgain', 'LeaseReleased'];
const OF_ACCESS: readonly EventType[] = [
  'AccessDenied',
  'AuditLogExported',
  'AuditLogRead',
  'AuthenticationFailureReported',
  'AuthenticationRejected',
  'CredentialIssuedAgain',
  'CredentialsTested',
  'WebhookDeliveryReplayed',
];

/**
 * In SQL, of `e`: whether the event may leave the log. `$1`: the edge, `$2`: the time before which it happened, `$3`: the time
 * before which its lease was over. The stream of a lease goes as a whole, after its last event; a stream of access that
 * goes on keeps its last event, which the next append counts from. What waits for another build stays.
 */
const MAY_LEAVE = `e.position <= $1 and e.occurred_at < $2 and (
    e.stream like 'lease-%' and e.type = any($4) and exists (
      select from log.events f where f.stream = e.stream and f.revision = 0 and f.type = 'CredentialIssued'
        and (f.data->>'expiresAt') collate "C" < $3
    ) and not exists (
      select from log.events l where l.stream = e.stream and (l.position > $1 or l.type <> all($4))
    )
    or e.stream ~ '^(reissue|audit-read|refusals)-' and e.type = any($5)
    or e.stream like 'access-%' and e.type = any($5) and exists (
      select from log.events l where l.stream = e.stream and l.revision > e.revision
    )
  ) and not exists (select from read_models.parked_events p where p.stream = e.stream)`;

const COLUMNS = `e.position, e.stream, e.revision, e.event_id, e.type, e.schema_version, e.occurred_at,
  to_char(e.appended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as appended_at,
  e.data::text as data, e.metadata::text as metadata`;

interface Row {
  readonly position: Position;
  readonly stream: string;
  readonly revision: number;
  readonly event_id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly occurred_at: string;
  readonly appended_at: string;
  readonly data: string;
  readonly metadata: string;
}

type Verifier = Pick<EventAuthenticator, 'isAuthentic'>;

/** Those that may leave the log, in their order. What Purser did not write, or this version cannot read, stays. */
export async function* archivableEvents(
  client: Client,
  range: ArchivedRange,
  { isAuthentic }: Verifier,
): AsyncGenerator<readonly ArchivedEvent[], void, undefined> {
  for (let after = BEGINNING; ; ) {
    const { rows } = await client.query<Row>(
      `select ${COLUMNS} from log.events e where ${MAY_LEAVE} and e.position > $6 order by e.position limit ${PAGE}`,
      [...valuesOf(range), after],
    );
    const events = rows.map(archivedEvent).filter((event) => isAuthentic(event) && isKnownEvent(event));
    if (events.length > 0) yield events;
    after = rows.at(-1)?.position ?? after;
    if (rows.length < PAGE) return;
  }
}

/** The first of these events that is not in the log as it stands here, or must not leave it. */
export async function firstOther(
  client: Client,
  range: ArchivedRange,
  events: readonly ArchivedEvent[],
  { isAuthentic }: Verifier,
): Promise<ArchivedEvent | undefined> {
  const { rows } = await client.query<Row>(
    `select ${COLUMNS} from log.events e where ${MAY_LEAVE} and e.position = any($6)`,
    [...valuesOf(range), events.map(({ position }) => position)],
  );
  const lines = new Map(rows.map((row) => [row.position, lineOf(archivedEvent(row))]));
  return events.find((event) => lines.get(event.position) !== lineOf(event) || !isAuthentic(event));
}

function valuesOf({ upTo, before }: ArchivedRange): unknown[] {
  const overBefore = new Date(Date.parse(before) - LEASE_CLOSES_AFTER_MS).toISOString();
  return [upTo, before, overBefore, OF_LEASES, OF_ACCESS];
}

function archivedEvent(row: Row): ArchivedEvent {
  return {
    position: row.position,
    stream: row.stream,
    revision: row.revision,
    id: row.event_id,
    type: row.type,
    schemaVersion: row.schema_version,
    occurredAt: row.occurred_at,
    appendedAt: row.appended_at,
    json: row.data,
    data: JSON.parse(row.data),
    metadataJson: row.metadata,
    metadata: JSON.parse(row.metadata) as StoredMetadata,
  };
}

/**
 * The position before the first event that happened at the time or later, found by halving: positions follow the time. At
 * most `last`, and before the last event of the log, which tells that the log is the one that was known.
 */
export async function edgeBefore(client: Client, before: string, last: Position): Promise<Position> {
  const { rows: heads } = await client.query<{ position: Position }>('select position from log.head');
  const end = (heads[0]?.position ?? BEGINNING) - 1n;
  let [low, high] = [0n, end < last ? end : (last as bigint)];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    const { rows } = await client.query<{ is_older: boolean }>(
      'select occurred_at < $2 as is_older from log.events where position >= $1 order by position limit 1',
      [middle, before],
    );
    if (rows[0]?.is_older === true) low = middle;
    else high = middle - 1n;
  }
  return (low > 0n ? low : 0n) as Position;
}

/**
 * Removes events that are in a file. Those of a lease that tell what became of it go before its first one, so that its stream
 * never begins with them. @param part which of both
 * @returns how many were still there
 */
export async function removeEvents(
  client: Client,
  events: readonly ArchivedEvent[],
  part: 'beginnings' | 'others',
): Promise<number> {
  const removed = events.filter(({ type }) => (type === 'CredentialIssued') === (part === 'beginnings'));
  if (removed.length === 0) return 0;
  const leases = removed.flatMap((event) => ownLease(event) ?? []);
  const { rows } = await client.query<{ removed: number }>('select log.remove_archived($1, $2, $3, $4) as removed', [
    removed.map(({ position }) => position),
    removed.map(({ id }) => id),
    leases.map(({ leaseId }) => leaseId),
    leases.map(({ withdrawn }) => withdrawn),
  ]);
  return rows[0]?.removed ?? 0;
}

/** The lease that must not begin again: another one can be asked for under the same id. */
function ownLease(recorded: ArchivedEvent): { readonly leaseId: string; readonly withdrawn: boolean } | undefined {
  const { type, data } = decodeEvent(recorded);
  if (type === 'LeaseReleased' && data.reason === 'WITHDRAWN') return { leaseId: data.leaseId, withdrawn: true };
  if (type !== 'CredentialIssued') return undefined;
  const isDerived = data.runId !== null || recorded.metadata.idempotencyId !== null;
  return isDerived ? { leaseId: data.leaseId, withdrawn: false } : undefined;
}
