import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { rotationDueAt } from '../../../domain/credential.ts';
import { initialRegistryState, successorsOf } from '../../../domain/evolve-registry.ts';
import { expiringFrom } from '../../../domain/expiry-thresholds.ts';
import { nextNoticeAt } from '../../../domain/notices.ts';
import type { LiveRegistry, RegistryState } from '../../../domain/registry.ts';
import { type Successors, waitingSince } from '../../../domain/successors.ts';
import { NOTHING_TOLD, type Told } from '../../../domain/told.ts';

/** The part of a registry's row that derives from its own events, with the table's column names. */
export interface RegistryRow {
  readonly id: string;
  readonly project_id: string;
  readonly phase: RegistryState['phase'];
  readonly revision: number;
  /** When it got this revision. */
  readonly changed_at: string;
  /** Null while the registry is not live. */
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
  readonly auth_realm_host: string | null;
  readonly rotate_every_days: number | null;
  readonly credential_version: number | null;
  readonly credential_kind: LiveRegistry['credential']['kind'] | null;
  readonly secret_id: string | null;
  readonly secret_digest: string | null;
  /** Does not come from events: it is looked up in the vault after they are applied. */
  readonly secret_missing: boolean;
  readonly expires_at: string | null;
  readonly expiring_from: string | null;
  readonly expiry_source: LiveRegistry['credential']['expirySource'];
  readonly rotated_at: string | null;
  readonly rotated_by: string | null;
  /** For conditions and orders: queries show what the columns that it follows from say. */
  readonly rotation_due_at: string | null;
  readonly created_at: string | null;
  readonly created_by: string | null;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
  readonly warnings: readonly string[];
  readonly mint: LiveRegistry['credential']['mint'];
  readonly staged: LiveRegistry['staged'];
  readonly retiring: LiveRegistry['retiring'];
  readonly successors: Successors;
  /** Null if all are in use. */
  readonly successors_waiting_since: string | null;
  readonly expiry_changes: number | null;
  readonly rotation_policy_changes: number | null;
  readonly told: Told;
  readonly next_notice_at: string | null;
}

export function registryRow(
  id: string,
  projectId: string,
  { revision, occurredAt }: Pick<RecordedEvent, 'revision' | 'occurredAt'>,
  state: RegistryState,
  told: Told,
): RegistryRow {
  const live = state.phase === 'live' ? state : null;
  const credential = live?.credential ?? null;
  return {
    id,
    project_id: projectId,
    phase: state.phase,
    revision,
    changed_at: occurredAt,
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
    auth_realm_host: live?.authRealmHost ?? null,
    rotate_every_days: live?.rotateEveryDays ?? null,
    credential_version: credential?.version ?? null,
    credential_kind: credential?.kind ?? null,
    secret_id: credential?.secretId ?? null,
    secret_digest: credential?.digest ?? null,
    secret_missing: false,
    expires_at: credential?.expiresAt ?? null,
    expiring_from: expiryStartOf(live),
    expiry_source: credential?.expirySource ?? null,
    rotated_at: credential?.rotatedAt ?? null,
    rotated_by: credential?.rotatedBy ?? null,
    rotation_due_at: live && rotationDueAt({ ...live.credential, rotateEveryDays: live.rotateEveryDays }),
    created_at: live?.createdAt ?? null,
    created_by: live?.createdBy ?? null,
    updated_at: live?.updatedAt ?? null,
    updated_by: live?.updatedBy ?? null,
    warnings: credential?.warnings ?? [],
    mint: credential?.mint ?? null,
    staged: live?.staged ?? null,
    retiring: live?.retiring ?? null,
    successors: successorsOf(state),
    successors_waiting_since: waitingSince(successorsOf(state)),
    expiry_changes: live?.expiryChanges ?? null,
    rotation_policy_changes: live?.rotationPolicyChanges ?? null,
    ...noticeColumns(state, told),
  };
}

/** What people were told by the clock, and when the next notice is due: also columns of the registry's row. */
export function noticeColumns(state: RegistryState, told: Told): Pick<RegistryRow, 'told' | 'next_notice_at'> {
  return { told, next_notice_at: state.phase === 'live' ? nextNoticeAt(state, told) : null };
}

function expiryStartOf(live: LiveRegistry | null): string | null {
  if (live === null || live.credential.expiresAt === null) return null;
  const { rotatedAt, expiresAt } = live.credential;
  return expiringFrom({ rotatedAt, expiresAt });
}

/** The columns that each event of the registry overwrites. Test results and the last use have their own events. */
export const REGISTRY_COLUMNS: readonly string[] = Object.keys(
  registryRow('', '', { revision: 0, occurredAt: '' }, initialRegistryState, NOTHING_TOLD),
).filter((column) => column !== 'id');

export function registryState(row: RegistryRow): RegistryState {
  switch (row.phase) {
    case 'absent':
      return { phase: 'absent', lastVersion: row.last_version };
    case 'deleted':
      return {
        phase: 'deleted',
        projectId: row.project_id,
        url: notNull(row.url),
        successors: row.successors,
        lastVersion: row.last_version,
      };
    case 'live':
      return {
        phase: 'live',
        registryId: row.id,
        projectId: row.project_id,
        url: notNull(row.url),
        enteredUrl: notNull(row.entered_url),
        name: notNull(row.name),
        description: row.description,
        email: row.email,
        provider: notNull(row.provider),
        username: notNull(row.username),
        access: notNull(row.access),
        caCertificate: row.ca_certificate,
        authRealmHost: row.auth_realm_host,
        rotateEveryDays: row.rotate_every_days,
        credential: {
          version: notNull(row.credential_version),
          kind: notNull(row.credential_kind),
          secretId: notNull(row.secret_id),
          digest: notNull(row.secret_digest),
          expiresAt: row.expires_at,
          expirySource: row.expiry_source,
          rotatedAt: notNull(row.rotated_at),
          rotatedBy: notNull(row.rotated_by),
          warnings: row.warnings,
          mint: row.mint,
        },
        staged: row.staged,
        retiring: row.retiring,
        successors: row.successors,
        // Not kept here: no read model asks the state for them.
        links: [],
        revocations: 0,
        expiryChanges: notNull(row.expiry_changes),
        rotationPolicyChanges: notNull(row.rotation_policy_changes),
        createdAt: notNull(row.created_at),
        createdBy: notNull(row.created_by),
        updatedAt: notNull(row.updated_at),
        updatedBy: notNull(row.updated_by),
        firstVersion: notNull(row.first_version),
        lastVersion: row.last_version,
      };
  }
}

function notNull<Value>(value: Value | null): Value {
  if (value === null) throw new Error('a live registry has a null column');
  return value;
}
