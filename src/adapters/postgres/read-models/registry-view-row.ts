import type { RegistryPart, RegistryView } from '../../../application/ports/read-models.ts';
import type { Instant } from '../../../domain/instant.ts';
import { type HealthView, retiringView, stagedView } from '../../../domain/registry-view.ts';
import type { RegistryRow } from './registry-row.ts';

export type ViewRow = RegistryRow & { readonly health: HealthView | null; readonly staged_health: HealthView | null };

type Column = Exclude<keyof ViewRow, 'id'>;

/** The columns that each part of a view is made of. */
const COLUMNS_OF: Readonly<Record<RegistryPart, readonly Column[]>> = {
  projectId: ['project_id'],
  url: ['url'],
  enteredUrl: ['entered_url'],
  name: ['name'],
  description: ['description'],
  email: ['email'],
  provider: ['provider'],
  username: ['username'],
  access: ['access'],
  caCertificate: ['ca_certificate'],
  authRealmHost: ['auth_realm_host'],
  version: ['credential_version'],
  kind: ['credential_kind'],
  present: ['secret_missing'],
  expiresAt: ['expires_at'],
  expirySource: ['expiry_source'],
  rotateEveryDays: ['rotate_every_days'],
  rotatedAt: ['rotated_at'],
  rotatedBy: ['rotated_by'],
  warnings: ['warnings'],
  staged: ['staged', 'staged_health'],
  retiring: ['retiring'],
  mint: ['mint'],
  health: ['health'],
  revision: ['revision'],
  createdAt: ['created_at'],
  createdBy: ['created_by'],
  updatedAt: ['updated_at'],
  updatedBy: ['updated_by'],
};

const COLUMNS = new Map<string, readonly Column[]>(Object.entries(COLUMNS_OF));

/** The columns of all parts, of the registry `r`. */
export const VIEW_COLUMNS = listOf([...COLUMNS.values()].flat());

/** Each list of columns makes statements that all connections keep prepared: beyond the first lists, all columns are read. */
const MAX_LISTS = 100;

/** Gives the columns of the parts with these names, of the registry `r`; all columns for a name that no part has. */
export function createColumnLists(): (parts: readonly string[] | undefined) => string {
  const lists = new Set<string>();
  return (parts) => {
    if (parts === undefined) return VIEW_COLUMNS;
    const columns: Column[] = [];
    for (const part of parts) {
      const ofPart = COLUMNS.get(part);
      if (ofPart === undefined) return VIEW_COLUMNS;
      columns.push(...ofPart);
    }
    const list = listOf(columns);
    if (lists.size < MAX_LISTS) lists.add(list);
    return lists.has(list) ? list : VIEW_COLUMNS;
  };
}

/** The same text for the same columns. */
function listOf(columns: readonly Column[]): string {
  return ['id', ...[...new Set(columns)].sort()].map((column) => `r.${column}`).join(', ');
}

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
