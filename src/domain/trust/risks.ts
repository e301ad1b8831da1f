import { badUserInput, type PurserError } from '../errors.ts';
import { type CiSystem, ciSystemOf, isLasting, isOf } from './ci-systems.ts';
import type { ClaimMatch } from './claim-match.ts';
import type { Attempt } from './rejections.ts';
import { sharedRuns } from './run-claims.ts';
import type { TrustRuleDetails } from './trust-rule.ts';

/** GitHub's events that run for what somebody proposes, who may be anybody. */
const PULL_REQUEST_EVENTS = [
  'pull_request',
  'pull_request_target',
  'pull_request_review',
  'pull_request_review_comment',
];
/** Anybody can cause them, and they run with the rights of the repository. */
const OUTSIDERS_EVENTS = [
  'pull_request_target',
  'issue_comment',
  'issues',
  'discussion',
  'workflow_run',
  'fork',
  'watch',
];

type Compared = Pick<TrustRuleDetails, 'issuer' | 'matches' | 'purposes' | 'runIdClaim' | 'allowPassword'>;

/** Refuses a rule that somebody else could come to meet, or that lets proposed changes push: by BAD_USER_INPUT to `attempt`. */
export function checkRisks(
  { issuer, matches, purposes }: Pick<Compared, 'issuer' | 'matches' | 'purposes'>,
  attempt: Attempt,
): void {
  const system = ciSystemOf(issuer, matches);
  attempt(() => requireLasting(system, matches));
  if (purposes.includes('PUSH')) attempt(() => requireOwnChanges(system, matches));
}

/** Who else meets the rule, or shares its leases, that its author may not think of. */
export function warningsOf(rule: Compared): string[] {
  const system = ciSystemOf(rule.issuer, rule.matches);
  return [
    ...ownersAlone(system, rule.matches),
    ...outsiders(system, rule),
    ...sharedRuns(system, rule),
    ...(rule.allowPassword
      ? ['`allowPassword` hands out passwords that can do more at the registry than this rule grants.']
      : []),
  ];
}

function requireLasting(system: CiSystem, matches: readonly ClaimMatch[]): void {
  if (matches.some((match) => isLastingMatch(system, match))) return;
  const named = matches.find(({ claim }) => Object.hasOwn(system.names, claim));
  const instead = named === undefined ? undefined : system.names[named.claim];
  const add = instead ?? system.lasting[0] ?? 'sub';
  const reason =
    named === undefined
      ? 'The rule compares no identifier of a project.'
      : `\`${named.claim}\` is a name: after a change of names, somebody else's project can have it and would meet the rule.`;
  throw fault(`${reason} Add a match of \`${add}\` by \`equals\`.`);
}

function isLastingMatch(system: CiSystem, { claim, equals }: ClaimMatch): boolean {
  return equals?.every((value) => isLasting(system, claim, value)) ?? false;
}

function requireOwnChanges(system: CiSystem, matches: readonly ClaimMatch[]): void {
  const named = (claim: string) => matches.filter((match) => match.claim === claim);
  if (isOf(system, 'Woodpecker')) {
    throw badUserInput('purposes', 'Woodpecker asks for credentials to pull only. Leave out PUSH.');
  }
  if (isOf(system, 'GitLab')) {
    const isProtected = ({ equals }: ClaimMatch) => equals?.every((value) => value === 'true') ?? false;
    if (system.refs.some((claim) => named(claim).some(isProtected))) return;
    throw fault(
      'With PUSH, merge requests could push. Add a match of `ref_protected` (or `environment_protected`) that equals `true`, as a text.',
    );
  }
  if (isOf(system, 'GitHub Actions')) {
    if (valuesOf(named('event_name')).some((event) => PULL_REQUEST_EVENTS.includes(event))) {
      throw fault(
        'With PUSH, pull requests could push. Leave their events out of `event_name`, or make a rule for them.',
      );
    }
    refusePulls([...named('ref'), ...named('sub')]);
    if (matches.some(excludesPullRequests)) return;
  } else {
    refusePulls(system.refs.flatMap(named));
    if (system.refs.length === 0 || comparesEnough(system, system.refs, matches)) return;
  }
  throw fault(
    `With PUSH, jobs for proposed changes could push. Add a match of ${listed(system.refs, system.needsAll ? 'and' : 'or')}.`,
  );
}

function refusePulls(matches: readonly ClaimMatch[]): void {
  if (!valuesOf(matches).some((value) => /refs\/pull\/|:pull_request$/.test(value))) return;
  throw fault('With PUSH, pull requests could push. Leave their refs out.');
}

/** Of claims that keep others out, each by itself or all together. */
function comparesEnough({ needsAll }: CiSystem, claims: readonly string[], matches: readonly ClaimMatch[]): boolean {
  const compares = (claim: string) => matches.some((match) => match.claim === claim);
  return needsAll ? claims.every(compares) : claims.some(compares);
}

/** Jobs for pull requests run for `refs/pull/…`, except on `pull_request_target`, which is warned of. */
function excludesPullRequests({ claim, equals, startsWith }: ClaimMatch): boolean {
  const values = [...(equals ?? []), ...(startsWith === null ? [] : [startsWith])];
  switch (claim) {
    case 'event_name':
      return equals !== null;
    case 'environment':
      return true;
    case 'ref':
      return values.every((value) => /^refs\/(?:heads|tags)\//.test(value));
    case 'sub':
      return values.every((value) => /:(?:environment:|ref:refs\/(?:heads|tags)\/)/.test(value));
    default:
      return false;
  }
}

function ownersAlone(system: CiSystem, matches: readonly ClaimMatch[]): string[] {
  const lasting = matches.filter((match) => isLastingMatch(system, match));
  const [first] = lasting;
  if (first === undefined || !lasting.every(({ claim }) => system.owners.includes(claim))) return [];
  return [`\`${first.claim}\` is of an owner: each of its projects can meet this rule, also one made later.`];
}

function outsiders(system: CiSystem, { matches, purposes }: Compared): string[] {
  const compares = (claim: string) => matches.some((match) => match.claim === claim);
  const subject = matches.some((match) => match.claim === 'sub' && excludesPullRequests(match));
  if (system.outsiders.length > 0 && !comparesEnough(system, system.outsiders, matches) && !subject) {
    return [system.outsider];
  }
  if (!isOf(system, 'GitHub Actions')) {
    return system.refs.length === 0 && system.lasting.length === 0 && purposes.includes('PUSH')
      ? [
          'Purser does not know the tokens of this issuer: make sure that jobs for proposed changes do not meet this rule.',
        ]
      : [];
  }
  const events = valuesOf(matches.filter(({ claim }) => claim === 'event_name'));
  const open = events.filter((event) => OUTSIDERS_EVENTS.includes(event));
  if (open.length > 0) return [`Anybody can cause ${listed(open)}, and the job has the rights of the repository.`];
  if (events.length > 0 || compares('environment')) return [];
  return [
    'A workflow on `pull_request_target` runs for the branch that it is proposed for, and meets this rule. Compare `event_name` as well.',
  ];
}

function valuesOf(matches: readonly ClaimMatch[]): string[] {
  return matches.flatMap(({ equals, startsWith }) => [...(equals ?? []), ...(startsWith === null ? [] : [startsWith])]);
}

function listed(claims: readonly string[], conjunction = 'or'): string {
  return claims.map((claim) => `\`${claim}\``).join(` ${conjunction} `);
}

function fault(message: string): PurserError {
  return badUserInput('matches', message);
}
