import { createContext, useContext } from 'react';
import type { Viewer } from './viewer.ts';

/** What a token can grant in a project; its claim is `iam:project:cicd:` and this. */
export type Permission =
  | 'registry:read'
  | 'registry:write'
  | 'registry:delete'
  | 'registry:use'
  | 'audit:read'
  | 'trust:read'
  | 'trust:write';

const PREFIX = 'iam:project:cicd:';

export interface Permissions {
  /** Whether the token grants it. The service decides; this says what is worth offering. */
  readonly can: (permission: Permission) => boolean;
}

export const ViewerContext = createContext<Viewer | undefined>(undefined);

export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (viewer === undefined) throw new Error('nobody is signed in here');
  return viewer;
}

export function usePermissions(projectId: string): Permissions {
  return permissionsOf(useViewer(), projectId);
}

export function permissionsOf(viewer: Viewer, projectId: string): Permissions {
  const project = viewer.projects.find(({ id }) => id === projectId);
  return { can: (permission) => project?.permissions.includes(`${PREFIX}${permission}`) ?? false };
}

/** As it stands in a token, for sentences that say what is missing. */
export function claimOf(permission: Permission): string {
  return `${PREFIX}${permission}`;
}
