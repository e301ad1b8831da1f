import { EgressFailed, type EgressResponse } from '../../application/ports/egress.ts';
import type { ProbeStrategy } from '../../domain/providers/profile.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import type { Secret } from '../../domain/secret.ts';
import { type Challenge, chooseChallenge } from './challenge.ts';
import { basic, bearer, type Conversation, isRedirect } from './conversation.ts';
import { readTokenClaims } from './granted-access.ts';
import { ProbeFault } from './probe-fault.ts';
import { strategyFor } from './probe-strategies.ts';
import { isObject, parseJson } from './registry-errors.ts';
import { type Login, requestToken, type TokenServer } from './token-request.ts';

/** The registry that a probe speaks to. */
export interface RegistryTarget {
  readonly conversation: Conversation;
  /** Ends in a slash. */
  readonly base: URL;
  readonly provider: RegistryProvider;
  readonly login: Login;
  /** The realm's URL, if it may be sent the credential. */
  readonly trustRealm: (realm: string) => URL | undefined;
}

/** How the registry wants to be spoken to, where the login was proved. */
export type Entrance = BasicEntrance | BearerEntrance;

export interface BasicEntrance {
  readonly scheme: 'BASIC';
  readonly authorization: Secret;
}

export interface BearerEntrance {
  readonly scheme: 'BEARER';
  readonly strategy: ProbeStrategy;
  readonly tokenServer: TokenServer;
}

/**
 * What the registry asks of somebody who does not log in; undefined where it lets everybody in.
 * @throws ProbeFault where it is no registry, or wants what container clients cannot give
 */
export async function askForChallenge({ conversation, base }: RegistryTarget): Promise<Challenge | undefined> {
  const response = await firstAnswer(conversation, base);
  if (response.status === 401) return challengeOf(response);
  expectRegistry(response);
  return undefined;
}

/** What is not HTTP, or a page without end, is not a registry's. */
async function firstAnswer(conversation: Conversation, base: URL): Promise<EgressResponse> {
  try {
    return await conversation.ask(base, { authorization: null });
  } catch (error) {
    const kind = error instanceof EgressFailed ? error.fault.kind : undefined;
    throw kind === 'MALFORMED_ANSWER' || kind === 'TOO_LARGE' ? new ProbeFault('NOT_A_REGISTRY') : error;
  }
}

/** @throws ProbeFault */
function challengeOf(response: EgressResponse): Challenge {
  const headers = response.headers.get('www-authenticate') ?? [];
  const challenge = chooseChallenge(headers);
  if (challenge !== undefined) return challenge;
  throw headers.length === 0 ? new ProbeFault('NOT_A_REGISTRY') : new ProbeFault('UNEXPECTED_ANSWER', 'UNKNOWN_SCHEME');
}

/**
 * Logs in as `docker login` does, with no repository in view.
 * @throws ProbeFault AUTHENTICATION_FAILED, INSUFFICIENT_PERMISSION or EXPIRED where the registry says no
 */
export async function logIn(target: RegistryTarget, challenge: Challenge): Promise<Entrance> {
  const strategy = strategyFor(target.provider, challenge);
  if (challenge.scheme === 'BASIC') {
    const authorization = basic(target.login.username, target.login.password);
    await enter(target, strategy, authorization);
    return { scheme: 'BASIC', authorization };
  }
  const realm = target.trustRealm(challenge.realm);
  if (realm === undefined) throw new ProbeFault('REALM_NOT_TRUSTED');
  const tokenServer = { realm, service: challenge.service };
  const answer = await requestToken(target.conversation, tokenServer, target.login, []);
  if (answer.kind === 'NONE') throw refusal(strategy, answer.response);
  // A token for nobody: the server took the login for an anonymous one.
  if (readTokenClaims(answer.token.reveal())?.authenticated === false) throw new ProbeFault('AUTHENTICATION_FAILED');
  await enter(target, strategy, bearer(answer.token));
  return { scheme: 'BEARER', strategy, tokenServer };
}

async function enter({ conversation, base }: RegistryTarget, strategy: ProbeStrategy, authorization: Secret) {
  const response = await conversation.ask(base, { authorization });
  if (strategy.refusedLogin.includes(response.status)) throw refusal(strategy, response);
  expectRegistry(response);
}

function refusal(strategy: ProbeStrategy, { status, body }: EgressResponse): ProbeFault {
  if (status === 400 && isInvalidGrant(body)) return new ProbeFault('AUTHENTICATION_FAILED');
  if (!strategy.refusedLogin.includes(status)) return new ProbeFault('UNEXPECTED_ANSWER');
  if (strategy.expiredText?.test(body.toString('utf8'))) return new ProbeFault('EXPIRED', 'SECRET_EXPIRED');
  return status === 403 && strategy.forbiddenLogin === 'MISSING_SCOPE'
    ? new ProbeFault('INSUFFICIENT_PERMISSION', 'TOKEN_WITHOUT_SCOPE')
    : new ProbeFault('AUTHENTICATION_FAILED');
}

/** How OAuth 2 refuses a password or a refresh token (RFC 6749, section 5.2). */
function isInvalidGrant(body: Buffer): boolean {
  const answer = parseJson(body);
  return isObject(answer) && answer.error === 'invalid_grant';
}

/** Web sites answer 200 to any path, with a page of theirs. */
function expectRegistry(response: EgressResponse): void {
  if (isRedirect(response)) throw new ProbeFault('NOT_A_REGISTRY', 'REDIRECTED');
  const saysSo =
    response.headers.get('docker-distribution-api-version')?.some((v) => v.includes('registry/2')) ?? false;
  const isApi = saysSo || response.body.length === 0 || isObject(parseJson(response.body));
  if (response.status === 200 && isApi) return;
  throw new ProbeFault(response.status === 403 ? 'UNEXPECTED_ANSWER' : 'NOT_A_REGISTRY');
}
