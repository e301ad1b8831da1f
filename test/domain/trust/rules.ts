import { PurserError } from '../../../src/domain/errors.ts';
import { PERMISSIONS } from '../../../src/domain/permissions.ts';
import type { EnteredRule } from '../../../src/domain/trust/entered-rule.ts';
import type { TrustRule } from '../../../src/domain/trust/trust-rule.ts';

export const GITHUB = 'https://token.actions.githubusercontent.com';
export const GITLAB = 'https://gitlab.com';
export const CLUSTER = 'https://cluster.example';

export function entered(changes: Partial<EnteredRule> = {}): EnteredRule {
  return {
    name: 'main',
    issuer: GITHUB,
    matches: [
      { claim: 'repository_id', equals: ['74'] },
      { claim: 'ref', equals: ['refs/heads/main'] },
      { claim: 'event_name', equals: ['push'] },
    ],
    permissions: [PERMISSIONS.registryUse],
    purposes: ['PULL'],
    registryIds: [],
    repositories: [],
    pipelineClaim: 'workflow_ref',
    runIdClaim: 'run_id',
    allowPassword: false,
    ...changes,
  };
}

export function rule(changes: Partial<TrustRule> = {}): TrustRule {
  const at = '2026-03-01T12:00:00.000Z';
  return {
    ...entered(),
    matches: [{ claim: 'repository_id', equals: ['74'], startsWith: null }],
    id: '7f4c54a5-6f0a-4a47-9f0a-51f2ad0a5a01',
    projectId: 'demo',
    revision: 0,
    createdAt: at,
    createdBy: 'ada',
    updatedAt: at,
    updatedBy: 'ada',
    ...changes,
  };
}

/** As GitHub writes them: ids are texts. */
export const GITHUB_CLAIMS = {
  sub: 'repo:octo/web:ref:refs/heads/main',
  repository: 'octo/web',
  repository_id: '74',
  repository_owner_id: '9',
  ref: 'refs/heads/main',
  event_name: 'push',
  workflow_ref: 'octo/web/.github/workflows/build.yml@refs/heads/main',
  run_id: '1742',
} as const;

/** The call's error, of any code. */
export function refusal(call: () => unknown): PurserError {
  try {
    call();
  } catch (error) {
    if (error instanceof PurserError) return error;
    throw error;
  }
  throw new Error('accepted, but it should have been refused');
}
