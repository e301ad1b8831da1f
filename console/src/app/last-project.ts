import type { Viewer } from '../session/viewer.ts';

const KEY = 'purser.last-project';

/** The project that was open last, in this browser. Its id is no secret; the permissions come from the token. */
export function lastProject(): string | undefined {
  return localStorage.getItem(KEY) ?? undefined;
}

export function keepLastProject(projectId: string): void {
  localStorage.setItem(KEY, projectId);
}

/** Where somebody begins: in the only project, or in the last one. Undefined: they choose. */
export function firstProject({ projects }: Viewer): string | undefined {
  const last = lastProject();
  return (projects.length === 1 ? projects[0] : projects.find(({ id }) => id === last))?.id;
}
