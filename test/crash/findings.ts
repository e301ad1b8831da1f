import type pg from 'pg';
import { eventsOver } from '../../src/adapters/postgres/log/session-events.ts';
import { createAuditQueries } from '../../src/adapters/postgres/read-models/audit-queries.ts';
import { openSession } from '../../src/adapters/postgres/session.ts';
import { BEGINNING, type EventLog, type RecordedEvent } from '../../src/application/ports/event-log.ts';
import { chainHash, firstPreviousHash } from '../../src/domain/audit-entry.ts';
import { isAudited } from '../../src/domain/audited-events.ts';
import { derivedId, idempotencyStream } from '../../src/domain/identity.ts';
import type { PurserHome } from '../support/purser-process.ts';
import { until } from '../support/until.ts';
import { type Ledger, leaseOf, PROJECTS, versionOf } from './ledger.ts';

const MAX_LOOKS = 5;

/**
 * Faults in the service's tables, compared with the answers to its clients. Empty: no fault. It looks again if the log has
 * grown meanwhile: the service writes without being asked too, such as the count of refused attempts when their minute ends.
 */
export async function findingsIn(
  client: pg.Client,
  ledger: Ledger,
  log: Pick<EventLog, 'readAll'> = eventsOver(client),
): Promise<string[]> {
  const isHoused = async () => (await client.query(OVERTAKEN)).rowCount === 0;
  // Within a minute, as docs/operations.md promises. If it takes longer, it shows among the findings.
  await until(isHoused).catch(() => undefined);
  for (let look = 1; ; look += 1) {
    const events = await readEvents(log);
    const findings = await findingsAmong(events, client, ledger);
    if (findings.length === 0 || look === MAX_LOOKS) return findings;
    if ((await readEvents(log)).length === events.length) return findings;
  }
}

async function findingsAmong(events: readonly EventRow[], client: pg.Client, ledger: Ledger): Promise<string[]> {
  const findings = [
    ...missingPositions(events),
    ...missingRevisions(events),
    ...lostOrDoubled(events, ledger),
    ...wrongVersions(events, ledger),
    ...(await projectionFaults(client, events)),
    ...(await vaultFaults(client)),
  ];
  for (const project of PROJECTS) findings.push(...(await auditFaults(client, events, project)));
  return findings;
}

/** The same, over a session that it opens. */
export async function findingsAt(connectionString: string, ledger: Ledger): Promise<string[]> {
  const client = await openSession({ connectionString, name: 'crash test' }, () => undefined);
  try {
    return await findingsIn(client, ledger);
  } finally {
    await client.end();
  }
}

/** The same for a service that runs on its own data folder, in whatever store its events are. */
export async function findingsAtHome(home: PurserHome, ledger: Ledger): Promise<string[]> {
  return home.withEvents((log) => home.withDatabase((client) => findingsIn(client, ledger, log)));
}

interface EventRow {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: number;
  readonly event_id: string;
  readonly type: string;
  readonly lease_id: string | null;
  readonly version: number | null;
  readonly project_id: string | null;
  readonly idempotency_id: string | null;
}

async function readEvents(log: Pick<EventLog, 'readAll'>): Promise<EventRow[]> {
  const rows: EventRow[] = [];
  for (let after = BEGINNING; ; ) {
    const { events, position, atEnd } = await log.readAll({ after, maxCount: 1_000 });
    rows.push(...events.map(rowOf));
    if (atEnd) return rows;
    after = position;
  }
}

function rowOf({ id, type, stream, revision, position, data, metadata }: RecordedEvent): EventRow {
  const { leaseId = null, credential } = data as { leaseId?: string | null; credential?: { version: number } };
  return {
    position,
    stream,
    revision,
    event_id: id,
    type,
    lease_id: leaseId,
    version: credential?.version ?? null,
    project_id: metadata.projectId,
    idempotency_id: metadata.idempotencyId,
  };
}

/** Of a log in Postgres, which has no gaps. Positions in another store start higher and have gaps. */
function missingPositions(events: readonly EventRow[]): string[] {
  if (events[0]?.position !== 1n) return [];
  const at = events.findIndex(({ position }, index) => position !== BigInt(index + 1));
  return at === -1 ? [] : [`position ${at + 1} is missing`];
}

function missingRevisions(events: readonly EventRow[]): string[] {
  const findings: string[] = [];
  const revisions = new Map<string, number>();
  for (const { stream, revision } of events) {
    const expected = revisions.get(stream) ?? 0;
    if (revision !== expected) findings.push(`revision ${expected} of ${stream} is missing`);
    revisions.set(stream, revision + 1);
  }
  return findings.slice(0, 3);
}

const KEYED = new Map([
  ['RegistryCreated', 'create'],
  ['CredentialRotated', 'rotate'],
  ['CredentialIssued', 'issue'],
]);

/** Every event of a keyed command is that of a mutation that was sent, after its key was claimed, and happened once. */
function lostOrDoubled(events: readonly EventRow[], ledger: Ledger): string[] {
  const findings: string[] = [];
  const asked = new Map(ledger.mutations.map((mutation) => [mutation.idempotencyId, mutation]));
  const claimed = new Set<string>();
  /** By key: the leases that were issued, one after the other, or the registry's event. */
  const happened = new Map<string, (string | null)[]>();
  const releases = new Map<string, number>();
  for (const { idempotency_id: key, stream, event_id, type, lease_id } of events) {
    if (type === 'IdempotencyKeyClaimed') claimed.add(stream);
    if (type === 'LeaseReleased' && lease_id !== null) releases.set(lease_id, (releases.get(lease_id) ?? 0) + 1);
    const kind = KEYED.get(type);
    if (kind === undefined) continue;
    const mutation = key === null ? undefined : asked.get(key);
    if (key === null || mutation?.kind !== kind) {
      findings.push(`${type} ${event_id} was asked for by nobody`);
      continue;
    }
    if (mutation.outcome.kind === 'refused') findings.push(`${kind} happened although it was refused`);
    if (!claimed.has(idempotencyStream(key))) findings.push(`${type} ${event_id} came before its key was claimed`);
    happened.set(key, [...(happened.get(key) ?? []), lease_id]);
  }
  for (const { kind, outcome, idempotencyId, leaseId, registry } of ledger.mutations) {
    if (outcome.kind !== 'acknowledged') continue;
    if (idempotencyId !== undefined && !happened.has(idempotencyId))
      findings.push(`an acknowledged ${kind} of ${registry.url} is lost`);
    if (leaseId !== undefined && !releases.has(leaseId))
      findings.push(`the acknowledged release of ${leaseId} is lost`);
  }
  for (const [key, leases] of happened) {
    const { kind, registry } = asked.get(key) ?? {};
    if (kind !== 'issue') {
      if (leases.length > 1) findings.push(`${kind} of ${registry?.url} happened ${leases.length} times`);
      continue;
    }
    // If a credential is replaced while it is issued, it is issued again under another lease of the same key.
    for (const [attempt, lease] of leases.entries()) {
      if (lease !== derivedId(key, attempt)) findings.push(`${lease} is not the lease of its key`);
      else if (attempt < leases.length - 1 && !releases.has(lease))
        findings.push(`${lease} was not withdrawn before another was issued`);
    }
  }
  for (const [leaseId, times] of releases) if (times > 1) findings.push(`${leaseId} was released ${times} times`);
  return findings;
}

/** A version that was acknowledged is the one in the log, and no two mutations got the same one. */
function wrongVersions(events: readonly EventRow[], ledger: Ledger): string[] {
  const findings: string[] = [];
  const keyed = events.filter(({ type }) => KEYED.has(type));
  const logged = new Map(keyed.map(({ idempotency_id, version }) => [idempotency_id, version]));
  const given = new Set<string>();
  for (const mutation of ledger.mutations) {
    const version = versionOf(mutation);
    if (version === undefined) continue;
    const { url } = mutation.registry;
    if (logged.get(mutation.idempotencyId ?? '') !== version)
      findings.push(`version ${version} of ${url} is another in the log`);
    if (given.has(`${url} ${version}`)) findings.push(`version ${version} of ${url} was given twice`);
    given.add(`${url} ${version}`);
  }
  return findings;
}

async function projectionFaults(client: pg.Client, events: readonly EventRow[]): Promise<string[]> {
  const rowsOfLog = events.map(({ stream, revision, type, lease_id }, index) => {
    return { number: index + 1, stream, revision, type, lease_id };
  });
  const last = events.at(-1)?.position ?? 0n;
  const text = `
    with events as (
      select * from json_to_recordset($1::json) as e (number bigint, stream text, revision int, type text, lease_id text)
    )
    select 'checkpoints behind the log' as name, count(*)::int as count from read_models.checkpoint where position < $2
    union all select 'heads that are not the last position', count(*)::int from log.head where position not in (0, $2)
    union all select 'parked events', count(*)::int from read_models.parked_events
    union all select 'registries at another revision than their stream', count(*)::int from read_models.registries r
      where r.revision <> (select max(e.revision) from events e where e.stream = 'registry-' || r.id || '-' || r.project_id)
    union all select 'leases without their event, or events without their lease', count(*)::int
      from read_models.leases l full join (select lease_id as id from events where type = 'CredentialIssued') e
        on e.id = l.id::text where e.id is null or l.id is null
    union all select 'changes without their event, or events without their change', count(*)::int
      from read_models.changes c full join (select number from events
        where type in ('RegistryCreated', 'CredentialRotated', 'RegistryUpdated', 'RegistryDeleted')) e
        on e.number = c.sequence where e.number is null or c.sequence is null`;
  const { rows } = await client.query<{ name: string; count: number }>(text, [JSON.stringify(rowsOfLog), String(last)]);
  return rows.filter(({ count }) => count > 0).map(({ name, count }) => `${count} ${name}`);
}

/** Pending secrets whose version is another's: their commands did not come to discard them. */
const OVERTAKEN = `select from vault.secrets s join read_models.registries r on r.id = s.registry_id
  where s.state = 'pending' and s.secret_id <> r.secret_id and s.credential_version <= r.credential_version`;

/** Only the current secret of a registry can be opened, and pending ones whose event never came. */
async function vaultFaults(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; count: number }>(`
    select 'live registries without a current secret that can be opened' as name, count(*)::int as count
      from read_models.registries r where r.phase = 'live' and not exists (
        select from vault.secrets s where s.secret_id = r.secret_id and s.state = 'current'
          and s.wrapped_key is not null and s.ciphertext is not null)
    union all select 'replaced secrets that have key material', count(*)::int
      from vault.secrets s join read_models.registries r on r.id = s.registry_id
      where s.secret_id <> r.secret_id and s.credential_version <= r.credential_version
        and num_nonnulls(s.wrapped_key, s.ciphertext, s.kek_id, s.message_id, s.commitment) > 0
    union all select 'registries whose secret counts as missing', count(*)::int
      from read_models.registries where secret_missing`);
  return rows.filter(({ count }) => count > 0).map(({ name, count }) => `${count} ${name}`);
}

/** The chain is computed again from its entries, and held against the events that it should tell of. */
async function auditFaults(client: pg.Client, events: readonly EventRow[], project: string): Promise<string[]> {
  const everything = { filter: {}, first: 1_000_000, after: undefined };
  const { items } = await createAuditQueries(client).list(project, everything);
  const entries = items.map(({ node }) => node).toReversed();
  let hash = firstPreviousHash(project);
  for (const [index, entry] of entries.entries()) {
    hash = chainHash(hash, index + 1, entry);
    if (entry.sequence !== index + 1 || entry.hash !== hash)
      return [`the audit chain of ${project} breaks at ${index + 1}`];
  }
  const told = entries.map(({ eventId }) => eventId).join();
  const happened = events
    .filter(({ project_id, type }) => project_id === project && isAudited(type))
    .map(({ event_id }) => event_id);
  if (told !== happened.join()) return [`the audit log of ${project} does not tell what the event log does`];
  const { rows } = await client.query<{ sequence: string; hash: string }>(
    'select sequence::text, hash from read_models.audit_heads where project_id = $1',
    [project],
  );
  const head = rows[0] ?? { sequence: '0', hash: firstPreviousHash(project) };
  return head.sequence === String(entries.length) && head.hash === hash ? [] : [`the head of ${project} is another`];
}

/** How many leases the clients hold: a check without leases proves nothing. */
export function leaseCount(ledger: Ledger): number {
  return ledger.mutations.filter((mutation) => leaseOf(mutation) !== undefined).length;
}
