import type { RegistryView } from '../../../application/ports/read-models.ts';
import { type HealthView, retiringView, stagedView } from '../../../domain/registry-view.ts';
import type { RegistryRow } from './registry-row.ts';

/** What a view of a registry is made of. */
export const VIEW_COLUMNS = [
  'id',
  'project_id',
  'url',
  'entered_url',
  'name',
  'description',
  'email',
  'provider',
  'username',
  'access',
  'ca_certificate',
  'auth_realm_host',
  'rotate_every_days',
  'credential_version',
  'credential_kind',
  'secret_missing',
  'expires_at',
  'expiry_source',
  'rotated_at',
  'rotated_by',
  'warnings',
  'mint',
  'staged',
  'retiring',
  'health',
  'staged_health',
  'created_at',
  'created_by',
  'updated_at',
  'updated_by',
  'revision',
]
  .map((column) => `r.${column}`)
  .join(', ');

export type ViewRow = RegistryRow & { readonly health: HealthView | null; readonly staged_health: HealthView | null };

export function viewOfRow(row: ViewRow): RegistryView {
  return {
    id: row.id,
    projectId: row.project_id,
    url: row.url ?? '',
    enteredUrl: row.entered_url ?? '',
    name: row.name ?? '',
    description: row.description,
    email: row.email,
    provider: row.provider ?? 'GENERIC',
    username: row.username ?? '',
    access: row.access ?? 'PULL_AND_PUSH',
    caCertificate: row.ca_certificate,
    authRealmHost: row.auth_realm_host,
    credential: {
      version: row.credential_version ?? 0,
      kind: row.credential_kind ?? 'PASSWORD',
      present: !row.secret_missing,
      expiresAt: row.expires_at,
      expirySource: row.expiry_source,
      rotateEveryDays: row.rotate_every_days,
      rotatedAt: row.rotated_at ?? '',
      rotatedBy: row.rotated_by ?? '',
      warnings: row.warnings,
      staged: stagedView(row.staged, row.staged_health),
      retiring: retiringView(row.retiring),
    },
    mint: row.mint,
    health: row.health,
    revision: row.revision,
    createdAt: row.created_at ?? '',
    createdBy: row.created_by ?? '',
    updatedAt: row.updated_at ?? '',
    updatedBy: row.updated_by ?? '',
  };
}
