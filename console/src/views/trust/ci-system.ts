import type { RuleDraft } from './rule-draft.ts';

export type CiSystem = 'github' | 'gitlab' | 'kubernetes' | 'woodpecker' | 'circleci' | 'buildkite' | 'other';

/** The system that a rule is for, by its issuer, or by its claims where each installation has an issuer of its own. */
export function ciSystemOf({ issuer, matches }: Pick<RuleDraft, 'issuer' | 'matches'>): CiSystem {
  if (issuer === 'https://token.actions.githubusercontent.com' || issuer.endsWith('/_services/token')) return 'github';
  if (issuer.startsWith('https://oidc.circleci.com/')) return 'circleci';
  if (issuer === 'https://agent.buildkite.com') return 'buildkite';
  if (issuer.startsWith('https://vstoken.dev.azure.com/')) return 'other';
  const has = (test: (claim: string, text: string) => boolean) => matches.some(({ claim, text }) => test(claim, text));
  if (has((claim) => claim.startsWith('/repo/') || claim.startsWith('/pipeline/'))) return 'woodpecker';
  if (has((claim, text) => claim.startsWith('/kubernetes.io/') || text.startsWith('system:serviceaccount:'))) {
    return 'kubernetes';
  }
  return issuer === 'https://gitlab.com' || has((claim) => claim === 'project_id' || claim === 'namespace_id')
    ? 'gitlab'
    : 'other';
}
