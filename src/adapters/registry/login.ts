import { EgressFailed, type EgressResponse } from '../../application/ports/egress.ts';
import type { ProbeStrategy } from '../../domain/providers/profile.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import type { Secret } from '../../domain/secret.ts';
import { answerableChallenges, type Challenge } from './challenge.ts';
import { basic, bearer, type Conversation, isRedirect } from './conversation.ts';
import { readTokenClaims } from './granted-access.ts';
import { ProbeFault } from './probe-fault.ts';
import { strategyFor } from './probe-strategies.ts';
import type { JudgedRealm } from './realm-trust.ts';
import { isObject, parseJson } from './registry-errors.ts';
import { type Login, requestToken, type TokenServer } from './token-request.ts';

/** The registry that a probe tests. */
export interface RegistryTarget {
  readonly conversation: Conversation;
  /** Ends in a slash. */
  readonly base: URL;
  readonly provider: RegistryProvider;
  readonly login: Login;
  /** Whether the realm may be sent the credential. */
  readonly judgeRealm: (realm: string) => JudgedRealm;
}

/** How to authenticate requests to the registry after a proved login. */
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
 * The challenges that the registry sends to anonymous requests, at least one; undefined if it lets them in.
 * @throws ProbeFault if it is not a registry, or asks for a login that container clients do not support
 */
export async function askForChallenges({
  conversation,
  base,
}: RegistryTarget): Promise<readonly Challenge[] | undefined> {
  const response = await firstAnswer(conversation, base);
  if (response.status === 401) return challengesOf(response);
  expectRegistry(response);
  return undefined;
}

/** An answer that is not HTTP, or is too large, does not come from a registry. */
async function firstAnswer(conversation: Conversation, base: URL): Promise<EgressResponse> {
  try {
    return await conversation.ask(base, { authorization: null });
  } catch (error) {
    const kind = error instanceof EgressFailed ? error.fault.kind : undefined;
    throw kind === 'MALFORMED_ANSWER' || kind === 'TOO_LARGE' ? new ProbeFault('NOT_A_REGISTRY') : error;
  }
}

/** @throws ProbeFault */
function challengesOf(response: EgressResponse): readonly Challenge[] {
  const headers = response.headers.get('www-authenticate') ?? [];
  const challenges = answerableChallenges(headers);
  if (challenges.length > 0) return challenges;
  throw headers.length === 0 ? new ProbeFault('NOT_A_REGISTRY') : new ProbeFault('UNEXPECTED_ANSWER', 'UNKNOWN_SCHEME');
}

/**
 * Logs in as `docker login` does, without a repository.
 * @throws ProbeFault AUTHENTICATION_FAILED, INSUFFICIENT_PERMISSION or EXPIRED if the registry refuses the login
 */
export async function logIn(target: RegistryTarget, challenges: readonly Challenge[]): Promise<Entrance> {
  const { challenge, realm } = choose(target, challenges);
  const strategy = strategyFor(target.provider, challenge);
  if (challenge.scheme === 'BASIC' || realm === undefined) {
    const authorization = basic(target.login.username, target.login.password);
    await enter(target, strategy, authorization);
    return { scheme: 'BASIC', authorization };
  }
  const tokenServer = { realm, service: challenge.service };
  const answer = await requestToken(target.conversation, tokenServer, target.login, []);
  if (answer.kind === 'SPENT') throw new ProbeFault('AUTHENTICATION_FAILED', 'SINGLE_USE_TOKEN');
  if (answer.kind === 'NONE') throw refusal(strategy, answer.response);
  // An anonymous token: the server did not authenticate the login.
  if (readTokenClaims(answer.token.reveal())?.authenticated === false) throw new ProbeFault('AUTHENTICATION_FAILED');
  await enter(target, strategy, bearer(answer.token));
  return { scheme: 'BEARER', strategy, tokenServer };
}

interface Choice {
  readonly challenge: Challenge;
  /** Of a Bearer challenge. */
  readonly realm?: URL;
}

/** The first challenge that may be answered. @throws ProbeFault REALM_NOT_TRUSTED, with the fault of the first realm */
export function choose({ judgeRealm }: RegistryTarget, challenges: readonly Challenge[]): Choice {
  let fault: ProbeFault | undefined;
  for (const challenge of challenges) {
    if (challenge.scheme === 'BASIC') return { challenge };
    const judged = judgeRealm(challenge.realm);
    if (judged.kind === 'TRUSTED') return { challenge, realm: judged.realm };
    const facts = judged.kind === 'REALM_ELSEWHERE' ? { realmHost: judged.host } : {};
    fault ??= new ProbeFault('REALM_NOT_TRUSTED', judged.kind, facts);
  }
  throw fault ?? new ProbeFault('UNEXPECTED_ANSWER', 'UNKNOWN_SCHEME');
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

/** OAuth 2 refuses a password or a refresh token in this way (RFC 6749, section 5.2). */
function isInvalidGrant(body: Buffer): boolean {
  const answer = parseJson(body);
  return isObject(answer) && answer.error === 'invalid_grant';
}

/** The status is not enough: web sites answer 200 with a page to any path. */
function expectRegistry(response: EgressResponse): void {
  if (isRedirect(response)) throw new ProbeFault('NOT_A_REGISTRY', 'REDIRECTED');
  const saysSo =
    response.headers.get('docker-distribution-api-version')?.some((v) => v.includes('registry/2')) ?? false;
  const isApi = saysSo || response.body.length === 0 || isObject(parseJson(response.body));
  if (response.status === 200 && isApi) return;
  throw new ProbeFault(response.status === 403 ? 'UNEXPECTED_ANSWER' : 'NOT_A_REGISTRY');
}
