import type { EgressSession } from '../../application/ports/egress.ts';
import {
  type RegistryToken,
  RegistryTokenRefused,
  type RegistryTokenRequest,
  type RegistryTokenServer,
} from '../../application/ports/registry-token-server.ts';
import { MAX_SECRET_BYTES } from '../../domain/entered-credential.ts';
import { comparedGrant, tokenEnd } from '../../domain/registry-token.ts';
import { explained } from './conclusion.ts';
import { allGrants, readTokenClaims } from './granted-access.ts';
import { askForChallenges, choose, logIn } from './login.ts';
import { faultOf, ProbeFault } from './probe-fault.ts';
import { strategyFor } from './probe-strategies.ts';
import { REGISTRY_DEADLINE_MS, type RegistryOptions, registryTarget, repositoryIn } from './registry-target.ts';
import { repositoryScope, requestToken, type TokenAnswer } from './token-request.ts';

type TokenMade = Extract<TokenAnswer, { kind: 'TOKEN' }>;

/** Makes tokens as a probe does, and gives only those whose own text says that they are for what was asked for alone. */
export function createRegistryTokenServer(options: RegistryOptions): RegistryTokenServer {
  return {
    async makeToken(request) {
      const session = options.egress.open({ caCertificate: request.caCertificate, deadlineMs: REGISTRY_DEADLINE_MS });
      try {
        return await makeToken(request, session, options);
      } catch (error) {
        if (error instanceof RegistryTokenRefused) throw error;
        throw new RegistryTokenRefused({ kind: 'REFUSED', ...explained(request, faultOf(error), options.now()) });
      } finally {
        await session.close();
      }
    },
  };
}

async function makeToken(
  request: RegistryTokenRequest,
  session: EgressSession,
  options: RegistryOptions,
): Promise<RegistryToken> {
  const { url, actions } = request;
  const repository = repositoryIn(url, request.repository);
  if (repository === undefined) throw new ProbeFault('REPOSITORY_NOT_FOUND');
  const target = registryTarget(request, session, options);
  const challenges = (await askForChallenges(target)) ?? [];
  const withTokens = challenges.filter(({ scheme }) => scheme === 'BEARER');
  if (withTokens.length === 0) throw new RegistryTokenRefused({ kind: 'MAKES_NONE' });
  const { challenge, realm } = choose(target, withTokens);
  if (challenge.scheme === 'BASIC' || realm === undefined) throw new RegistryTokenRefused({ kind: 'MAKES_NONE' });
  // Such a token may look as if it said what it is good for.
  if (strategyFor(target.provider, challenge).token === 'OPAQUE')
    throw new RegistryTokenRefused({ kind: 'UNREADABLE' });

  const askedAt = options.now();
  const tokenServer = { realm, service: challenge.service };
  const scopes = [repositoryScope(repository, actions)];
  const answer = await requestToken(target.conversation, tokenServer, target.login, scopes);
  if (answer.kind === 'SPENT') throw new ProbeFault('AUTHENTICATION_FAILED', 'SINGLE_USE_TOKEN');
  if (answer.kind === 'TOKEN') {
    const token = checkedToken(answer, { repository, actions, askedAt, now: options.now() });
    if (token !== undefined) return token;
  }
  // Some servers refuse a wrong password with these, or with a token that grants nothing: only a login tells.
  await logIn(target, challenges);
  throw refusalOf(answer);
}

/**
 * Undefined if it grants less than was asked for.
 * @throws RegistryTokenRefused if it must not be handed out
 */
function checkedToken(
  { token, stated }: TokenMade,
  { askedAt, now, ...asked }: Pick<RegistryTokenRequest, 'repository' | 'actions'> & { askedAt: number; now: number },
): RegistryToken | undefined {
  const text = token.reveal();
  const claims = readTokenClaims(text);
  if (claims?.access === undefined || text.length > MAX_SECRET_BYTES) {
    throw new RegistryTokenRefused({ kind: 'UNREADABLE' });
  }
  const grant = comparedGrant(allGrants(claims.access), asked);
  if (grant === 'MORE') throw new RegistryTokenRefused({ kind: 'TOO_WIDE' });
  if (grant === 'LESS' || !claims.authenticated) return undefined;
  const expiresAt = tokenEnd({ ...stated, exp: claims.exp }, askedAt, now);
  if (expiresAt === null) throw new RegistryTokenRefused({ kind: 'ENDED' });
  return { token, expiresAt };
}

/** Of a login that is good. */
function refusalOf(answer: Exclude<TokenAnswer, { kind: 'SPENT' }>): ProbeFault {
  if (answer.kind === 'TOKEN') return new ProbeFault('INSUFFICIENT_PERMISSION');
  const { status } = answer.response;
  if (status === 401 || status === 403) return new ProbeFault('INSUFFICIENT_PERMISSION');
  return new ProbeFault(status === 404 ? 'REPOSITORY_NOT_FOUND' : 'UNEXPECTED_ANSWER');
}
