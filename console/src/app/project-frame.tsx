import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useMatches, useParams } from '@tanstack/react-router';
import { useCallback, useEffect, useRef } from 'react';
import { useApi } from '../api/api-context.tsx';
import { useLive } from '../api/live.tsx';
import { forgetLong, readAgain } from '../api/long-lists.ts';
import { permissionsOf, useViewer } from '../session/permissions.ts';
import { Forbidden, NoProject } from './failures.tsx';
import { keepLastProject } from './last-project.ts';
import { LATEST_CHANGE, PROJECT_CHANGES } from './project-changes.ts';

/** Around all views of a project: what the token does not grant is not shown, and what changes is read again. */
export function ProjectFrame() {
  const { projectId } = useParams({ from: '/projects/$projectId' });
  const viewer = useViewer();
  const permission = useMatches({
    select: (matches) => matches.map(({ staticData }) => staticData.permission).findLast((one) => one !== undefined),
  });
  const isMine = viewer.projects.some(({ id }) => id === projectId);
  const { can } = permissionsOf(viewer, projectId);
  useProjectChanges(projectId, can('registry:read'));

  useEffect(() => {
    if (isMine) keepLastProject(projectId);
  }, [isMine, projectId]);

  if (!isMine) return <NoProject projectId={projectId} />;
  if (permission !== undefined && !can(permission)) return <Forbidden permission={permission} projectId={projectId} />;
  return <Outlet />;
}

/** Many changes at once are read again once. */
const SETTLE_MS = 300;

function useProjectChanges(projectId: string, enabled: boolean): void {
  const api = useApi();
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const changed = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      readAgain(queries, [projectId]);
    }, SETTLE_MS);
  }, [queries, projectId]);

  useEffect(() => () => clearTimeout(timer.current), []);
  // Nobody follows what changes in a project that was left. Later, as its lists are still shown while this is undone.
  useEffect(() => () => void setTimeout(() => forgetLong(queries, [projectId])), [queries, projectId]);

  useLive(
    PROJECT_CHANGES,
    { projectId },
    {
      enabled,
      latest: async () => (await api.request(LATEST_CHANGE, { projectId })).registries.latestCursor,
      cursorOf: ({ registryChanges }) => registryChanges.cursor,
      onEvent: changed,
      onGap: changed,
    },
  );
}
