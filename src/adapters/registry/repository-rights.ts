import type { ProbeMethod, Verdict } from '../../domain/probe-outcome.ts';
import type { Secret } from '../../domain/secret.ts';
import { unreachable } from '../../domain/unreachable.ts';
import { bearer } from './conversation.ts';
import { grantedActions, grants, readTokenClaims } from './granted-access.ts';
import type { BearerEntrance, Entrance, RegistryTarget } from './login.ts';
import { type Fault, faultOf, ProbeFault } from './probe-fault.ts';
import { repositoryExists, tryToPull } from './read-probe.ts';
import { repositoryScope, requestToken } from './token-request.ts';
import { tryToPush, type UploadTrial } from './upload-probe.ts';

/** What is known of one right. */
export type Finding = UploadTrial | 'UNKNOWN';

export interface RepositoryRights {
  readonly pull: Finding;
  readonly push: Finding;
  readonly method: ProbeMethod;
  /** Why a right is unknown. */
  readonly fault: Fault | null;
}

type Action = 'pull' | 'push';

type Grant =
  | { readonly kind: 'ACTIONS'; readonly actions: ReadonlySet<string>; readonly token: Secret }
  | { readonly kind: 'OPAQUE'; readonly token: Secret }
  | { readonly kind: 'REFUSED' }
  | { readonly kind: 'NO_REPOSITORY' };

/** Reports errors as a fault in the result, because the login stays proved. */
export async function examineRepository(
  target: RegistryTarget,
  entrance: Entrance,
  repository: string,
): Promise<RepositoryRights> {
  if (entrance.scheme === 'BASIC') return tryOut(target, repository, entrance.authorization, 'BASIC');
  try {
    return entrance.strategy.askForPush === 'ALWAYS'
      ? await examineByToken(target, entrance, repository)
      : await examineExisting(target, entrance, repository);
  } catch (error) {
    return { pull: 'UNKNOWN', push: 'UNKNOWN', method: 'TOKEN_SCOPE', fault: faultOf(error) };
  }
}

/** Asks for both rights; a server that refuses them together may still grant one. */
async function examineByToken(
  target: RegistryTarget,
  entrance: BearerEntrance,
  repository: string,
): Promise<RepositoryRights> {
  const both = await askForGrant(target, entrance, repository, ['pull', 'push']);
  if (both.kind !== 'REFUSED') return rightsOf(target, repository, both);
  const pull = await askForGrant(target, entrance, repository, ['pull']);
  const rights = pull.kind === 'OPAQUE' ? await pullAlone(target, repository, pull.token) : byToken(pull);
  return { ...rights, push: 'DENIED' };
}

/** Asks for the right to push only if the repository exists, which an account that may pull can see. */
async function examineExisting(
  target: RegistryTarget,
  entrance: BearerEntrance,
  repository: string,
): Promise<RepositoryRights> {
  const grant = await askForGrant(target, entrance, repository, ['pull']);
  if (grant.kind === 'REFUSED' || grant.kind === 'NO_REPOSITORY') return { ...byToken(grant), push: 'UNKNOWN' };
  // The token is not enough: an owner gets the right to pull also for a repository that does not exist.
  if (grant.kind === 'ACTIONS' && !grants(grant.actions, 'pull')) return { ...byToken(grant), push: 'UNKNOWN' };
  const exists = await repositoryExists(target.conversation, repositoryUrl(target, repository), bearer(grant.token));
  if (!exists) return { pull: 'NO_REPOSITORY', push: 'NO_REPOSITORY', method: 'TOKEN_SCOPE', fault: null };
  return examineByToken(target, entrance, repository);
}

async function askForGrant(
  { conversation, login }: RegistryTarget,
  { strategy, tokenServer }: BearerEntrance,
  repository: string,
  actions: readonly Action[],
): Promise<Grant> {
  const answer = await requestToken(conversation, tokenServer, login, [repositoryScope(repository, actions)]);
  if (answer.kind === 'SPENT') throw new ProbeFault('AUTHENTICATION_FAILED', 'SINGLE_USE_TOKEN');
  if (answer.kind === 'NONE') {
    const { status } = answer.response;
    if (status === 401 || status === 403) return { kind: 'REFUSED' };
    if (status === 404) return { kind: 'NO_REPOSITORY' };
    throw new ProbeFault('UNEXPECTED_ANSWER');
  }
  const { token } = answer;
  if (strategy.token === 'OPAQUE') return { kind: 'OPAQUE', token };
  const access = readTokenClaims(token.reveal())?.access;
  if (access !== undefined) return { kind: 'ACTIONS', actions: grantedActions(access, repository), token };
  return strategy.token === 'REFUSED_OR_WHOLE'
    ? { kind: 'ACTIONS', actions: new Set(actions), token }
    : { kind: 'OPAQUE', token };
}

function rightsOf(
  target: RegistryTarget,
  repository: string,
  grant: Grant,
): Promise<RepositoryRights> | RepositoryRights {
  return grant.kind === 'OPAQUE' ? tryOut(target, repository, bearer(grant.token), 'TOKEN_SCOPE') : byToken(grant);
}

function byToken(grant: Exclude<Grant, { kind: 'OPAQUE' }>): RepositoryRights {
  const finding = (action: Action): Finding => {
    switch (grant.kind) {
      case 'ACTIONS':
        return grants(grant.actions, action) ? 'ALLOWED' : 'DENIED';
      case 'REFUSED':
        return 'DENIED';
      case 'NO_REPOSITORY':
        return 'NO_REPOSITORY';
      default:
        return unreachable(grant, 'grant');
    }
  };
  return { pull: finding('pull'), push: finding('push'), method: 'TOKEN_SCOPE', fault: null };
}

async function pullAlone(target: RegistryTarget, repository: string, token: Secret): Promise<RepositoryRights> {
  const pull = await tried(() => tryToPull(target.conversation, repositoryUrl(target, repository), bearer(token)));
  return { pull: pull.finding, push: 'UNKNOWN', method: 'TOKEN_SCOPE', fault: pull.fault };
}

/** Tests rights by using them, because no token lists them. `otherwise` is the method if the upload proves nothing. */
export async function tryOut(
  target: RegistryTarget,
  repository: string,
  authorization: Secret | null,
  otherwise: ProbeMethod,
): Promise<RepositoryRights> {
  const url = repositoryUrl(target, repository);
  const pull = await tried(() => tryToPull(target.conversation, url, authorization));
  const push = await tried(() => tryToPush(target.conversation, url, authorization));
  return {
    pull: pull.finding,
    push: push.finding,
    method: verdictOf(push.finding) === 'UNKNOWN' ? otherwise : 'UPLOAD_PROBE',
    fault: push.fault ?? pull.fault,
  };
}

async function tried(attempt: () => Promise<Finding>): Promise<{ finding: Finding; fault: Fault | null }> {
  try {
    return { finding: await attempt(), fault: null };
  } catch (error) {
    return { finding: 'UNKNOWN', fault: faultOf(error) };
  }
}

export function verdictOf(finding: Finding): Verdict {
  switch (finding) {
    case 'ALLOWED':
      return 'PROVED';
    case 'UNAUTHENTICATED':
    case 'DENIED':
    case 'READ_ONLY':
      return 'DENIED';
    case 'NO_REPOSITORY':
    case 'UNKNOWN':
      return 'UNKNOWN';
    default:
      return unreachable(finding, 'finding');
  }
}

/** Ends in a slash. */
export function repositoryUrl({ base }: RegistryTarget, repository: string): URL {
  // Without the dot, a name with a port would be parsed as a scheme.
  return new URL(`./${repository}/`, base);
}
