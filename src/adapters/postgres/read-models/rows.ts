import type { AuditEntry } from '../../../domain/audit-entry.ts';
import type { LiveRegistry, RegistryState } from '../../../domain/registry.ts';
import type { HealthView } from '../../../domain/registry-view.ts';

/** Rows of the read models, with the tables' column names, as they are written and read. */
export interface RegistryRow {
  readonly id: string;
  readonly project_id: string;
  readonly phase: RegistryState['phase'];
  readonly revision: number;
  /** Null while the registry is not live, and where an older build wrote the row. */
  readonly first_version: number | null;
  readonly last_version: number;
  readonly url: string | null;
  readonly entered_url: string | null;
  readonly name: string | null;
  readonly description: string | null;
  readonly email: string | null;
  readonly provider: LiveRegistry['provider'] | null;
  readonly username: string | null;
  readonly access: LiveRegistry['access'] | null;
  readonly ca_certificate: string | null;
  readonly rotate_every_days: number | null;
  readonly credential_version: number | null;
  readonly credential_kind: LiveRegistry['credential']['kind'] | null;
  readonly secret_id: string | null;
  readonly secret_digest: string | null;
  readonly expires_at: string | null;
  readonly expiry_source: LiveRegistry['credential']['expirySource'];
  readonly rotated_at: string | null;
  readonly rotated_by: string | null;
  readonly created_at: string | null;
  readonly created_by: string | null;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
  readonly warnings: readonly string[];
  readonly mint: LiveRegistry['credential']['mint'];
}

export interface HealthRow {
  readonly id: string;
  readonly health: HealthView;
}

export interface LeaseRow {
  readonly id: string;
  readonly project_id: string;
  readonly registry_id: string;
  readonly credential_version: number;
  readonly pipeline: string;
  readonly run_id: string | null;
  readonly purpose: string;
  readonly issued_to: string;
  readonly issued_at: string;
  readonly expires_at: string;
  readonly released_at: string | null;
}

export interface LeaseReleaseRow {
  readonly id: string;
  readonly released_at: string;
}

export interface PipelineUseRow {
  readonly registry_id: string;
  readonly pipeline: string;
  readonly last_used_at: string;
  readonly last_used_by: string;
  readonly leases: number;
}

export interface NoticeRow {
  readonly sequence: number;
  readonly kind: string;
  readonly project_id: string;
  readonly registry_id: string;
  readonly url: string;
  readonly credential_version: number;
  readonly occurred_at: string;
  readonly expires_at: string | null;
  readonly actor: string;
  readonly leases_on_older_versions: number;
  readonly message: string;
}

export interface ChangeRow {
  readonly sequence: number;
  readonly kind: string;
  readonly project_id: string;
  readonly registry_id: string;
  /** A `RegistryView`, or null once deleted. */
  readonly registry: object | null;
}

export interface AuditRow {
  readonly format: number;
  readonly project_id: string;
  readonly sequence: number;
  readonly event_id: string;
  readonly occurred_at: string;
  readonly action: string;
  readonly outcome: AuditEntry['outcome'];
  readonly code: string | null;
  readonly actor: string;
  readonly issuer: string | null;
  readonly ip_address: string | null;
  readonly user_agent: string | null;
  readonly request_id: string | null;
  readonly registry_id: string | null;
  readonly url: string | null;
  readonly pipeline: string | null;
  readonly changes: AuditEntry['changes'];
  readonly duration_ms: number | null;
  readonly count: number;
  readonly until: string | null;
  readonly identity: AuditEntry['identity'];
  readonly hash: string;
}

export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

export interface ParkedRow {
  readonly position: string;
  readonly stream: string;
  readonly event_id: string;
  readonly reason: string;
  /** That the event names; 0 where it names none. */
  readonly credential_version: number;
}

export function registryRow(id: string, projectId: string, revision: number, state: RegistryState): RegistryRow {
  const live = state.phase === 'live' ? state : null;
  const credential = live?.credential ?? null;
  return {
    id,
    project_id: projectId,
    phase: state.phase,
    revision,
    first_version: live?.firstVersion ?? null,
    last_version: state.lastVersion,
    url: state.phase === 'absent' ? null : state.url,
    entered_url: live?.enteredUrl ?? null,
    name: live?.name ?? null,
    description: live?.description ?? null,
    email: live?.email ?? null,
    provider: live?.provider ?? null,
    username: live?.username ?? null,
    access: live?.access ?? null,
    ca_certificate: live?.caCertificate ?? null,
    rotate_every_days: live?.rotateEveryDays ?? null,
    credential_version: credential?.version ?? null,
    credential_kind: credential?.kind ?? null,
    secret_id: credential?.secretId ?? null,
    secret_digest: credential?.digest ?? null,
    expires_at: credential?.expiresAt ?? null,
    expiry_source: credential?.expirySource ?? null,
    rotated_at: credential?.rotatedAt ?? null,
    rotated_by: credential?.rotatedBy ?? null,
    created_at: live?.createdAt ?? null,
    created_by: live?.createdBy ?? null,
    updated_at: live?.updatedAt ?? null,
    updated_by: live?.updatedBy ?? null,
    warnings: credential?.warnings ?? [],
    mint: credential?.mint ?? null,
  };
}

export function registryState(row: RegistryRow): RegistryState {
  switch (row.phase) {
    case 'absent':
      return { phase: 'absent', lastVersion: row.last_version };
    case 'deleted':
      return { phase: 'deleted', projectId: row.project_id, url: present(row.url), lastVersion: row.last_version };
    case 'live':
      return {
        phase: 'live',
        registryId: row.id,
        projectId: row.project_id,
        url: present(row.url),
        enteredUrl: present(row.entered_url),
        name: present(row.name),
        description: row.description,
        email: row.email,
        provider: present(row.provider),
        username: present(row.username),
        access: present(row.access),
        caCertificate: row.ca_certificate,
        rotateEveryDays: row.rotate_every_days,
        credential: {
          version: present(row.credential_version),
          kind: present(row.credential_kind),
          secretId: present(row.secret_id),
          digest: present(row.secret_digest),
          expiresAt: row.expires_at,
          expirySource: row.expiry_source,
          rotatedAt: present(row.rotated_at),
          rotatedBy: present(row.rotated_by),
          warnings: row.warnings,
          mint: row.mint,
        },
        createdAt: present(row.created_at),
        createdBy: present(row.created_by),
        updatedAt: present(row.updated_at),
        updatedBy: present(row.updated_by),
        firstVersion: row.first_version ?? 1,
        lastVersion: row.last_version,
      };
  }
}

function present<Value>(value: Value | null): Value {
  if (value === null) throw new Error('a live registry has a column that is null');
  return value;
}
