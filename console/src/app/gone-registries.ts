import type { RotationNoticeKind } from '../api/generated/graphql.ts';

interface OfRegistry {
  readonly registryId: string;
  readonly kind: RotationNoticeKind;
}

/** The ids of registries that these notices tell to be deleted: a page of theirs is not there any more. @param notices newest first */
export function goneAmong(notices: readonly OfRegistry[]): ReadonlySet<string> {
  const newest = new Map<string, RotationNoticeKind>();
  for (const { registryId, kind } of notices) if (!newest.has(registryId)) newest.set(registryId, kind);
  return new Set([...newest].filter(([, kind]) => kind === 'DELETED').map(([id]) => id));
}
