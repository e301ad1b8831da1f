const KEY = 'purser.last-project';

/** The project that was open last, in this browser. Its id is no secret; the permissions come from the token. */
export function lastProject(): string | undefined {
  return localStorage.getItem(KEY) ?? undefined;
}

export function keepLastProject(projectId: string): void {
  localStorage.setItem(KEY, projectId);
}
