import { SIDES } from '../../texts/trust.ts';
import { shellWord } from '../registry/quoting.ts';
import { type SnippetValues, snippetsFor } from '../registry/snippets.ts';
import { ciSystemOf } from './ci-system.ts';
import type { RuleDraft } from './rule-draft.ts';

export interface Side {
  readonly title: string;
  readonly text: string;
}

interface Place {
  /** Where this service is: the origin of the console. */
  readonly purserUrl: string;
  readonly projectId: string;
}

/** What the job, its system and the operator of this service set up for a rule. */
export function sidesOf(draft: RuleDraft, { purserUrl, projectId }: Place): Side[] {
  const values: SnippetValues = {
    purserUrl,
    projectId,
    registry: '<registry>',
    access: draft.purposes.includes('PUSH') ? 'PULL_AND_PUSH' : 'PULL',
  };
  const audience = new URL(purserUrl).hostname;
  const job = (token: string): Side => ({
    title: SIDES.job,
    text: [
      `export PURSER_URL=${shellWord(purserUrl)} PURSER_PROJECT=${shellWord(projectId)}`,
      'export PURSER_PIPELINE=<pipeline> PURSER_RUN_ID=<run>',
      `export PURSER_TOKEN=${token}`,
      'mkdir -p ~/.docker && echo \'{ "credHelpers": { "<registry>": "purser" } }\' > ~/.docker/config.json',
      `docker ${draft.purposes.includes('PUSH') ? 'push' : 'pull'} <registry>/team/app:1`,
    ].join('\n'),
  });
  const [first, second] = snippetsOf(draft, values);
  switch (ciSystemOf(draft)) {
    case 'github':
    case 'gitlab':
      return [...(first ? [{ title: SIDES.job, text: first }] : []), operator(draft, audience)];
    case 'kubernetes':
      return [
        ...(first ? [{ title: SIDES.externalSecrets, text: first }] : []),
        ...(second ? [{ title: SIDES.kubelet, text: second }] : []),
        operator(draft, audience),
      ];
    case 'woodpecker':
      return first ? [{ title: SIDES.woodpecker, text: first }] : [];
    case 'circleci':
      return [job('"$CIRCLE_OIDC_TOKEN_V2"'), operator(draft, '<organization id>')];
    case 'buildkite':
      return [
        job(
          `"$(buildkite-agent oidc request-token --audience ${shellWord(audience)} --claim organization_id --claim pipeline_id)"`,
        ),
        operator(draft, audience),
      ];
    case 'other':
      return [job('<identity token of the job>'), operator(draft, audience)];
  }
}

function snippetsOf(draft: RuleDraft, values: SnippetValues): string[] {
  const system = ciSystemOf(draft);
  const isKnown = system === 'github' || system === 'gitlab' || system === 'kubernetes' || system === 'woodpecker';
  return isKnown ? snippetsFor(system, values).map(({ text }) => text) : [];
}

const KEYS: readonly (readonly [issuer: RegExp, path: string])[] = [
  [/^https:\/\/token\.actions\.githubusercontent\.com$|\/_services\/token$/, '/.well-known/jwks'],
  [/^https:\/\/agent\.buildkite\.com$/, '/.well-known/jwks'],
  [/^https:\/\/oidc\.circleci\.com\//, '/.well-known/jwks-pub.json'],
];

function operator(draft: RuleDraft, audience: string): Side {
  const { issuer } = draft;
  const path =
    KEYS.find(([pattern]) => pattern.test(issuer))?.[1] ??
    (ciSystemOf(draft) === 'gitlab' ? '/oauth/discovery/keys' : undefined);
  const jwksUri = path === undefined ? '<URL of its keys>' : `${issuer}${path}`;
  return { title: SIDES.operator, text: JSON.stringify({ issuer, audience, jwksUri, grants: 'rules' }, null, 2) };
}
