import type { AuthenticationFailed } from '../ports/authenticator.ts';
import { createSourceCounts, type SourceCount, type SourceCounts } from './source-counts.ts';

/** Of calls that belong to no project. */
const OF_THE_SERVICE = { ofNetwork: 16, sources: 1_000, networks: 1_000 };
/** Of one project, whose log a holder of an old token must not fill. */
const OF_A_PROJECT = { ofNetwork: 4, sources: 20, networks: 20 };
/** Projects in a minute. Refusals of tokens for further ones belong to no project. */
const MAX_PROJECTS = 200;
/** Projects of one token whose logs name its refusal. */
const MAX_PROJECTS_OF_TOKEN = 20;

/** `projectId` is null for what belongs to no project. */
export type RefusedTokenCount = SourceCount & { readonly projectId: string | null };

export interface RefusedTokenCounts {
  add(source: string, refusal: Pick<AuthenticationFailed, 'reason' | 'token'>): void;
  counted(): RefusedTokenCount[];
}

/** The refused tokens of one minute, by project. Memory, and the number of events that they lead to, are bounded. */
export function createRefusedTokenCounts(): RefusedTokenCounts {
  const ofNoProject = createSourceCounts(OF_THE_SERVICE);
  const byProject = new Map<string, SourceCounts>();

  function ofProject(projectId: string): SourceCounts | undefined {
    const known = byProject.get(projectId);
    if (known !== undefined || byProject.size === MAX_PROJECTS) return known;
    const counts = createSourceCounts(OF_A_PROJECT);
    byProject.set(projectId, counts);
    return counts;
  }

  return {
    add(source, { reason, token }) {
      const named = (token?.projectIds.slice(0, MAX_PROJECTS_OF_TOKEN) ?? []).flatMap((id) => ofProject(id) ?? []);
      if (named.length === 0) ofNoProject.add(source, reason);
      for (const counts of named) counts.add(source, reason, token);
    },

    counted: () => [
      ...ofNoProject.counted().map((count) => ({ ...count, projectId: null })),
      ...[...byProject].flatMap(([projectId, counts]) => counts.counted().map((count) => ({ ...count, projectId }))),
    ],
  };
}
