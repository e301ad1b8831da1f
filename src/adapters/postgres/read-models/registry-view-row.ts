import type { RegistryPart, RegistryView } from '../../../application/ports/read-models.ts';
import type { Instant } from '../../../domain/instant.ts';
import { type HealthView, retiringView, stagedView } from '../../../domain/registry-view.ts';
import { type ColumnLists, createColumnLists } from './column-lists.ts';
import type { RegistryRow } from './registry-row.ts';

export type ViewRow = RegistryRow & { readonly health: HealthView | null; readonly staged_health: HealthView | null };

type Column = `r.${Exclude<keyof ViewRow, 'id'>}`;

/** The columns that each part of a view is made of. */
const COLUMNS_OF: Readonly<Record<RegistryPart, readonly Column[]>> = {
  projectId: ['r.project_id'],
  url: ['r.url'],
  enteredUrl: ['r.entered_url'],
  name: ['r.name'],
  description: ['r.description'],
  email: ['r.email'],
  provider: ['r.provider'],
  username: ['r.username'],
  access: ['r.access'],
  caCertificate: ['r.ca_certificate'],
  authRealmHost: ['r.auth_realm_host'],
  version: ['r.credential_version'],
  kind: ['r.credential_kind'],
  present: ['r.secret_missing'],
  expiresAt: ['r.expires_at'],
  expirySource: ['r.expiry_source'],
  rotateEveryDays: ['r.rotate_every_days'],
  rotatedAt: ['r.rotated_at'],
  rotatedBy: ['r.rotated_by'],
  warnings: ['r.warnings'],
  staged: ['r.staged', 'r.staged_health'],
  retiring: ['r.retiring'],
  mint: ['r.mint'],
  health: ['r.health'],
  revision: ['r.revision'],
  createdAt: ['r.created_at'],
  createdBy: ['r.created_by'],
  updatedAt: ['r.updated_at'],
  updatedBy: ['r.updated_by'],
};

/** The columns of some parts, of the registry `r`. */
export function createViewColumns(): ColumnLists {
  return createColumnLists(COLUMNS_OF, ['r.id']);
}

/** The columns of all parts. */
export const VIEW_COLUMNS = createViewColumns()(undefined);

const NEVER: Instant = new Date(0).toISOString();

/** A part whose columns were not read has a value of its type that means nothing. */
export function viewOfRow(row: Pick<ViewRow, 'id'> & Partial<ViewRow>): RegistryView {
  return {
    id: row.id,
    projectId: row.project_id ?? '',
    url: row.url ?? '',
    enteredUrl: row.entered_url ?? '',
    name: row.name ?? '',
    description: row.description ?? null,
    email: row.email ?? null,
    provider: row.provider ?? 'GENERIC',
    username: row.username ?? '',
    access: row.access ?? 'PULL_AND_PUSH',
    caCertificate: row.ca_certificate ?? null,
    authRealmHost: row.auth_realm_host ?? null,
    credential: {
      version: row.credential_version ?? 0,
      kind: row.credential_kind ?? 'PASSWORD',
      present: !row.secret_missing,
      expiresAt: row.expires_at ?? null,
      expirySource: row.expiry_source ?? null,
      rotateEveryDays: row.rotate_every_days ?? null,
      rotatedAt: row.rotated_at ?? NEVER,
      rotatedBy: row.rotated_by ?? '',
      warnings: row.warnings ?? [],
      staged: stagedView(row.staged ?? null, row.staged_health ?? null),
      retiring: retiringView(row.retiring ?? null),
    },
    mint: row.mint ?? null,
    health: row.health ?? null,
    revision: row.revision ?? 0,
    createdAt: row.created_at ?? NEVER,
    createdBy: row.created_by ?? '',
    updatedAt: row.updated_at ?? NEVER,
    updatedBy: row.updated_by ?? '',
  };
}
