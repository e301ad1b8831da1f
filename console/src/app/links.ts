import { type AuditSearch, type EntryPlace, entryAddress } from '../views/audit/search.ts';
import type { RegistrySearch } from '../views/registry/search.ts';
import type { RotateSearch } from '../views/rotate/search.ts';
import { type RawSearch, stringifySearch } from './search-params.ts';

/** Where a registry is, for links. */
export interface RegistryPlace {
  readonly projectId: string;
  readonly registryId: string;
}

export function projectHref(projectId: string, view: string, search: RawSearch = {}): string {
  return `/projects/${encodeURIComponent(projectId)}/${view}${stringifySearch(search)}`;
}

export function registryHref({ projectId, registryId }: RegistryPlace, search: RegistrySearch = {}): string {
  return projectHref(projectId, `registries/${encodeURIComponent(registryId)}`, search);
}

export function rotateHref({ projectId, registryId }: RegistryPlace, search: RotateSearch = {}): string {
  return projectHref(projectId, `registries/${encodeURIComponent(registryId)}/rotate`, search);
}

/** The audit log, with this entry opened. */
export function auditEntryHref(projectId: string, entry: EntryPlace, search: AuditSearch = {}): string {
  return projectHref(projectId, 'audit', { ...search, entry: entryAddress(entry) });
}
