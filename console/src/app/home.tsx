import { Navigate } from '@tanstack/react-router';
import { useViewer } from '../session/permissions.ts';
import { lastProject } from './last-project.ts';

/** To the last or the only project, else to all of them. */
export function Home() {
  const { projects } = useViewer();
  const last = lastProject();
  const project = projects.length === 1 ? projects[0] : projects.find(({ id }) => id === last);
  if (project === undefined) return <Navigate to="/projects" replace />;
  return <Navigate to="/projects/$projectId" params={{ projectId: project.id }} replace />;
}
