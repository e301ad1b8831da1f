import type { WorkloadIdentity } from '../../../domain/audit-entry.ts';
import type { LeasePurpose } from '../../../domain/credential.ts';
import type { Queryable } from '../statement.ts';
import { type AppliedEvent, forRows, ignores, insertInto, type ReadModel, rememberedAs, take } from './read-model.ts';

export interface LeaseRow {
  readonly id: string;
  readonly project_id: string;
  readonly registry_id: string;
  readonly url: string;
  readonly image: string;
  readonly credential_version: number;
  readonly pipeline: string;
  readonly run_id: string | null;
  readonly purpose: LeasePurpose;
  readonly issued_to: string;
  readonly issued_at: string;
  readonly expires_at: string;
  readonly released_at: string | null;
  readonly revoked_by: string | null;
  readonly issuer: string | null;
  readonly identity: WorkloadIdentity | null;
}

interface ReleaseRow {
  readonly id: string;
  readonly released_at: string;
  readonly revoked_by: string | null;
}

interface ActiveLease {
  readonly credentialVersion: number;
  readonly expiresAt: string;
}

export interface Leases extends ReadModel {
  /** Remembers the leases of these registries that are active at this time, until the batch is written. */
  recallActive(database: Queryable, registryIds: Iterable<string>, at: string): Promise<void>;
  /** Counts leases with versions from `first` to below `below`. The registry's leases must be remembered. */
  countActive(registryId: string, at: string, first: number, below: number): number;
}

/** Each time so many leases of a registry are remembered, the expired ones are removed. */
const MAX_ACTIVE = 10_000;

/** Every issued lease. `fromTheStart`: all events follow, so nothing has to be recalled and everything is remembered. */
export function createLeases(schema: string, { fromTheStart }: { readonly fromTheStart: boolean }): Leases {
  const insert = insertInto(schema, 'leases', 'on conflict (id) do nothing');
  const release = forRows(
    `${schema}.leases-release`,
    `update ${schema}.leases l set released_at = r.released_at, revoked_by = r.revoked_by
     from json_to_recordset($1::json) as r(id uuid, released_at timestamptz, revoked_by text) where l.id = r.id`,
  );
  const issues: LeaseRow[] = [];
  const releases: ReleaseRow[] = [];
  /** Leases that are not released, by registry and lease id. */
  const active = new Map<string, Map<string, ActiveLease>>();
  /** How many there are, if all events are read. */
  let activeLeases = 0;

  function issued({ event: { data }, recorded: { occurredAt, metadata } }: AppliedEvent<'CredentialIssued'>): void {
    if (metadata.projectId === null) throw new Error('CredentialIssued without a project');
    const { leaseId, registryId, url, image, credentialVersion, pipeline, runId, purpose, expiresAt } = data;
    issues.push({
      id: leaseId,
      project_id: metadata.projectId,
      registry_id: registryId,
      url,
      image,
      credential_version: credentialVersion,
      pipeline,
      run_id: runId,
      purpose,
      issued_to: metadata.actor,
      issued_at: occurredAt,
      expires_at: expiresAt,
      released_at: null,
      revoked_by: null,
      issuer: metadata.issuer,
      identity: metadata.identity ?? null,
    });
    if (fromTheStart && !active.has(registryId)) active.set(registryId, new Map());
    const ofRegistry = active.get(registryId);
    if (ofRegistry === undefined) return;
    const before = ofRegistry.size;
    ofRegistry.set(leaseId, { credentialVersion, expiresAt });
    if (ofRegistry.size % MAX_ACTIVE === 0) forgetExpired(ofRegistry, occurredAt);
    activeLeases += ofRegistry.size - before;
  }

  function released({ event: { data }, recorded }: AppliedEvent<'LeaseReleased'>): void {
    const revokedBy = data.reason === 'REVOKED' ? recorded.metadata.actor : null;
    releases.push({ id: data.leaseId, released_at: recorded.occurredAt, revoked_by: revokedBy });
    if (active.get(data.registryId)?.delete(data.leaseId)) activeLeases -= 1;
  }

  return {
    handles: {
      CredentialIssued: issued,
      LeaseReleased: released,
      ...ignores('SuccessorRequested', 'SuccessorDiscarded', 'SuccessorRevoked', 'SuccessorRevocationFailed'),
      ...ignores('CalendarFeedCreated', 'CalendarFeedRevoked'),
      ...ignores('TrustRuleCreated', 'TrustRuleUpdated', 'TrustRuleDeleted', 'TrustChecked'),
      ...ignores('RegistryCreated', 'RegistryUpdated', 'CredentialRotated', 'RegistryDeleted'),
      ...ignores('PipelineLinked', 'PipelineUnlinked', 'LeasesRevoked'),
      ...ignores('CredentialStaged', 'CredentialActivated', 'StagedCredentialAbandoned', 'CredentialRetired'),
      ...ignores('PendingSecretDiscarded', 'CredentialExpiryLearnt', 'RegistryTested', 'CredentialsTested'),
      ...ignores(
        'CredentialIssuedAgain',
        'AccessDenied',
        'AuditLogExported',
        'AuditLogRead',
        'AuthenticationRejected',
        'WebhookDeliveryReplayed',
        'IdempotencyKeyClaimed',
        'NoticeRaised',
        'AuthenticationFailureReported',
      ),
    },

    async recallActive(database, registryIds, at) {
      const unknown = [...registryIds].filter((id) => !active.has(id));
      if (unknown.length === 0) return;
      const { rows } = await database.query<LeaseRow>({
        name: `${schema}.leases-active`,
        text: `select id, registry_id, credential_version, expires_at from ${schema}.leases
          where registry_id = any($1) and released_at is null and expires_at > $2`,
        values: [unknown, at],
      });
      for (const id of unknown) active.set(id, new Map());
      for (const { id, registry_id, credential_version, expires_at } of rows) {
        active.get(registry_id)?.set(id, { credentialVersion: credential_version, expiresAt: expires_at });
      }
    },

    countActive(registryId, at, first, below) {
      let count = 0;
      for (const { credentialVersion, expiresAt } of active.get(registryId)?.values() ?? []) {
        if (expiresAt > at && credentialVersion >= first && credentialVersion < below) count += 1;
      }
      return count;
    },

    get remembered() {
      return fromTheStart ? rememberedAs(activeLeases) : 0;
    },

    changes() {
      // There are thousands of leases, and only a rotation needs them.
      if (!fromTheStart) active.clear();
      return [...insert(take(issues)), ...release(take(releases))];
    },

    interim: [
      `create temporary table leases_issued (like ${schema}.leases)`,
      `create temporary table leases_released (id uuid, released_at timestamptz(3), revoked_by text)`,
    ],

    added: () => [
      { table: 'leases_issued', isInterim: true, rows: take(issues) },
      { table: 'leases_released', isInterim: true, rows: take(releases) },
    ],

    totals: () => [
      withoutValues(`insert into ${schema}.leases
        select i.id, i.project_id, i.registry_id, i.url, i.image, i.credential_version, i.pipeline, i.run_id, i.purpose,
          i.issued_to, i.issued_at, i.expires_at, r.released_at, r.revoked_by, i.issuer, i.identity
        from pg_temp.leases_issued i left join pg_temp.leases_released r on r.id = i.id`),
      withoutValues(`drop table pg_temp.leases_issued, pg_temp.leases_released`),
    ],
  };
}

function withoutValues(text: string) {
  return { text, values: [] };
}

function forgetExpired(leases: Map<string, ActiveLease>, now: string): void {
  for (const [id, { expiresAt }] of leases) if (expiresAt <= now) leases.delete(id);
}
