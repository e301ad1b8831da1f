import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { isRegistryEvent } from '../../../domain/aggregate-events.ts';
import type { DomainEvent } from '../../../domain/events.ts';
import { evolveRegistry, initialRegistryState } from '../../../domain/evolve-registry.ts';
import { extended } from '../../../domain/extended.ts';
import { noticeOfTest, toldOfTest } from '../../../domain/notices.ts';
import type { LiveRegistry, RegistryState } from '../../../domain/registry.ts';
import { type HealthView, healthAfterTest, type ShownWith } from '../../../domain/registry-view.ts';
import { evolveTold, NOTHING_TOLD, type Told } from '../../../domain/told.ts';
import { type AppliedEvent, forRows, ignores, insertInto, type ReadModel, registryIdsOf } from './read-model.ts';
import { noticeColumns, REGISTRY_COLUMNS, type RegistryRow, registryRow, registryState } from './registry-row.ts';

interface HealthRow {
  readonly id: string;
  readonly health: HealthView | null;
  /** Of the staged version. */
  readonly staged_health: HealthView | null;
  readonly reported_version: number | null;
  readonly reported_at: string | null;
}

/** Of the event that changed a registry last. The event itself would take several times the memory of the registry. */
interface LastChange extends Pick<RecordedEvent, 'revision' | 'occurredAt'> {
  readonly projectId: string;
  readonly told: Told;
}

/** What pipelines said of a version. */
interface Report {
  readonly reported_version: number;
  readonly reported_at: string;
}
const NOT_REPORTED = { reported_version: null, reported_at: null };

type NoticeRow = Pick<RegistryRow, 'id' | 'told' | 'next_notice_at'>;

export interface Registries extends ReadModel {
  /** The event's registry before and after it. @throws if the event cannot follow the earlier ones */
  evolve(event: DomainEvent, recorded: RecordedEvent): Pick<AppliedEvent, 'before' | 'after'>;
  /** The registry's highest credential version so far. */
  lastVersion(registryId: string): number;
  /** The result of the last test of the current version, and of the staged one. */
  healths(registryId: string): Pick<ShownWith, 'health' | 'stagedHealth'>;
  /** What people were told of it before the event that is being applied. */
  told(registryId: string): Told;
}

/** The current state of every registry, with the result of its last test. */
export function createRegistries(schema: string): Registries {
  const table = `${schema}.registries`;
  const upsert = insertInto(
    schema,
    'registries',
    `on conflict (id) do update set ${REGISTRY_COLUMNS.map((column) => `${column} = excluded.${column}`).join(', ')}`,
  );
  const updateHealth = forRows(
    `${table}-health`,
    `update ${table} r set health = h.health, staged_health = h.staged_health,
       reported_version = h.reported_version, reported_at = h.reported_at
     from json_to_recordset($1::json) as h(id uuid, health jsonb, staged_health jsonb, reported_version int,
       reported_at timestamptz) where r.id = h.id`,
  );
  const updateNotices = forRows(
    `${table}-notices`,
    `update ${table} r set told = n.told, next_notice_at = n.next_notice_at
     from json_to_recordset($1::json) as n(id uuid, told jsonb, next_notice_at timestamptz) where r.id = n.id`,
  );
  const states = new Map<string, RegistryState>();
  const tolds = new Map<string, Told>();
  const healths = new Map<string, HealthView>();
  const stagedHealths = new Map<string, HealthView>();
  /** Reports of versions that were not checked since. */
  const reports = new Map<string, Report>();
  /** Registries to write. A row is made when it is written: few of them are. */
  const changes = new Map<string, LastChange>();
  const healthRows = new Map<string, HealthRow>();
  const noticeRows = new Map<string, NoticeRow>();

  function changed({ event, recorded, after }: AppliedEvent & { readonly event: { data: { registryId: string } } }) {
    const { registryId } = event.data;
    states.set(registryId, after);
    const { revision, occurredAt, metadata } = recorded;
    changes.set(registryId, { projectId: metadata.projectId ?? '', revision, occurredAt, told: toldOf(registryId) });
    noticeRows.delete(registryId);
    const staged = after.phase === 'live' ? after.staged : null;
    if (staged === null && stagedHealths.delete(registryId)) healthChanged(registryId);
  }

  /** What a test found of the staged version is then known of the current one. */
  function activated(applied: AppliedEvent<'CredentialActivated'>) {
    const { registryId } = applied.event.data;
    const health = stagedHealths.get(registryId);
    if (health) healths.set(registryId, health);
    else healths.delete(registryId);
    healthChanged(registryId);
    changed(applied);
  }

  function deleted(applied: AppliedEvent<'RegistryDeleted'>) {
    healths.delete(applied.event.data.registryId);
    reports.delete(applied.event.data.registryId);
    healthChanged(applied.event.data.registryId);
    changed(applied);
  }

  function toldOf(registryId: string): Told {
    return tolds.get(registryId) ?? NOTHING_TOLD;
  }

  function raised({ event, after }: AppliedEvent<'NoticeRaised'>) {
    const { registryId } = event.data;
    tell(registryId, evolveTold(toldOf(registryId), event), after);
  }

  function tell(registryId: string, told: Told, registry: RegistryState) {
    tolds.set(registryId, told);
    noticeRows.set(registryId, { id: registryId, ...noticeColumns(registry, told) });
  }

  function tested({ event, recorded, after }: AppliedEvent<'RegistryTested'>) {
    if (after.phase !== 'live') return;
    const { registryId, credentialVersion, scheduled } = event.data;
    if (scheduled && reports.get(registryId)?.reported_version === credentialVersion) {
      reports.delete(registryId);
      healthChanged(registryId);
    }
    const notice = noticeOfTest(after, toldOf(registryId), event);
    if (notice !== null) tell(registryId, toldOfTest(toldOf(registryId), notice, credentialVersion), after);
    const known = healthsOf(after, credentialVersion);
    // A late test of a version that was replaced says nothing of the versions that there are.
    if (known === null) return;
    const before = known.get(registryId) ?? null;
    const health = healthAfterTest(before, event, recorded.occurredAt);
    if (health === before) return;
    known.set(registryId, health);
    healthChanged(registryId);
  }

  function reported({ event, recorded, after }: AppliedEvent<'AuthenticationFailureReported'>) {
    const { registryId, credentialVersion } = event.data;
    if (after.phase !== 'live' || after.credential.version !== credentialVersion) return;
    reports.set(registryId, { reported_version: credentialVersion, reported_at: recorded.occurredAt });
    healthChanged(registryId);
  }

  function* rows(): Generator<RegistryRow> {
    for (const [id, change] of changes) yield registryRow(id, change.projectId, change, stateOf(id), change.told);
  }

  function* wholeRows(): Generator<RegistryRow & HealthRow> {
    for (const row of rows()) {
      yield extended({ ...row, ...noticeColumns(stateOf(row.id), toldOf(row.id)) }, healthRow(row.id));
    }
  }

  function healthsOf({ credential, staged }: LiveRegistry, version: number): Map<string, HealthView> | null {
    if (version === credential.version) return healths;
    return version === staged?.version ? stagedHealths : null;
  }

  function healthChanged(id: string) {
    healthRows.set(id, healthRow(id));
  }

  function healthRow(id: string): HealthRow {
    const staged_health = stagedHealths.get(id) ?? null;
    return { id, health: healths.get(id) ?? null, staged_health, ...(reports.get(id) ?? NOT_REPORTED) };
  }

  function stateOf(id: string): RegistryState {
    return states.get(id) ?? initialRegistryState;
  }

  return {
    handles: {
      RegistryCreated: changed,
      RegistryUpdated: changed,
      CredentialRotated: changed,
      CredentialStaged: changed,
      CredentialActivated: activated,
      StagedCredentialAbandoned: changed,
      CredentialRetired: changed,
      PipelineLinked: changed,
      PipelineUnlinked: changed,
      LeasesRevoked: changed,
      RegistryDeleted: deleted,
      PendingSecretDiscarded: changed,
      SuccessorRequested: changed,
      SuccessorDiscarded: changed,
      SuccessorRevoked: changed,
      SuccessorRevocationFailed: changed,
      CredentialExpiryLearnt: changed,
      RegistryTested: tested,
      NoticeRaised: raised,
      AuthenticationFailureReported: reported,
      ...ignores('CalendarFeedCreated', 'CalendarFeedRevoked'),
      ...ignores('TrustRuleCreated', 'TrustRuleUpdated', 'TrustRuleDeleted', 'TrustChecked'),
      ...ignores(
        'CredentialsTested',
        'CredentialIssued',
        'CredentialIssuedAgain',
        'LeaseReleased',
        'AccessDenied',
        'AuditLogExported',
        'AuditLogRead',
        'AuthenticationRejected',
        'WebhookDeliveryReplayed',
        'IdempotencyKeyClaimed',
      ),
    },

    evolve(event, { occurredAt, metadata: { actor, projectId } }) {
      const { data } = event;
      const before = 'registryId' in data && data.registryId !== null ? stateOf(data.registryId) : initialRegistryState;
      if (!isRegistryEvent(event)) return { before, after: before };
      if (projectId === null) throw new Error(`${event.type} without a project`);
      return { before, after: evolveRegistry(before, event, { at: occurredAt, actor }) };
    },

    lastVersion: (registryId) => states.get(registryId)?.lastVersion ?? 0,

    told: toldOf,

    healths: (registryId) => ({
      health: healths.get(registryId) ?? null,
      stagedHealth: stagedHealths.get(registryId) ?? null,
    }),

    get remembered() {
      return states.size;
    },

    async recall(database, events) {
      const ids = [...registryIdsOf(events)].filter((id) => !states.has(id));
      if (ids.length === 0) return;
      const found = await database.query<RegistryRow & HealthRow>({
        name: `${table}-recall`,
        text: `select * from ${table} where id = any($1)`,
        values: [ids],
      });
      for (const row of found.rows) {
        states.set(row.id, registryState(row));
        tolds.set(row.id, row.told);
        if (row.health) healths.set(row.id, row.health);
        if (row.staged_health) stagedHealths.set(row.id, row.staged_health);
        const { reported_version, reported_at } = row;
        if (reported_version !== null && reported_at !== null) reports.set(row.id, { reported_version, reported_at });
      }
    },

    changes() {
      const statements = [
        ...upsert([...rows()]),
        ...updateHealth([...healthRows.values()]),
        ...updateNotices([...noticeRows.values()]),
      ];
      changes.clear();
      healthRows.clear();
      noticeRows.clear();
      return statements;
    },

    totals: () => [{ table: 'registries', rows: wholeRows() }],
  };
}
