import type { Application } from '../../src/application/create-application.ts';
import { isGranted } from '../../src/domain/permissions.ts';
import type { TrustRule } from '../../src/domain/trust/trust-rule.ts';
import type { Queries } from '../../src/graphql/pipeline/context.ts';

const NOW = '2030-01-31T09:00:00.000Z';
const ID = '7f4c54a5-6f0a-4a47-9f0a-51f2ad0a5a01';

interface TrustDouble {
  readonly commands: Pick<
    Application,
    | 'isGranted'
    | 'trustRules'
    | 'reviewTrustRule'
    | 'createTrustRule'
    | 'updateTrustRule'
    | 'deleteTrustRule'
    | 'checkTrust'
  >;
  readonly queries: Queries['trustRuleUses'];
}

/** Trust rules for `ApplicationDouble`: one, which no token meets. */
export function trustDouble(called: <Result>(name: string, answer: () => Result) => Promise<Result>): TrustDouble {
  const warned = { rule: rule(ID), warnings: [] };
  return {
    commands: {
      isGranted,
      trustRules: () => called('trustRules', () => [rule(ID)]),
      reviewTrustRule: () => called('reviewTrustRule', () => ({ rule: rule(ID), rejections: [], warnings: [] })),
      createTrustRule: () => called('createTrustRule', () => warned),
      updateTrustRule: (_context, _projectId, id) => called('updateTrustRule', () => ({ ...warned, rule: rule(id) })),
      deleteTrustRule: (_context, _projectId, id) => called('deleteTrustRule', () => ({ deletedId: id })),
      checkTrust: () =>
        called('checkTrust', () => {
          const reason = 'The token has expired.';
          return { granted: false, reason, rules: [{ rule: rule(ID), met: false, reason }] };
        }),
    },
    queries: { lastUses: async () => new Map() },
  };
}

function rule(id: string): TrustRule {
  return {
    id,
    projectId: 'demo',
    name: 'main',
    issuer: 'https://token.actions.githubusercontent.com',
    matches: [{ claim: 'repository_id', equals: ['74'], startsWith: null }],
    permissions: ['iam:project:cicd:registry:use'],
    purposes: ['PULL'],
    registryIds: [],
    repositories: [],
    pipelineClaim: 'workflow',
    runIdClaim: 'run_id',
    allowPassword: false,
    revision: 0,
    createdAt: NOW,
    createdBy: 'ada',
    updatedAt: NOW,
    updatedBy: 'ada',
  };
}
