import type { RegistryProvider } from '../../domain/providers/table.ts';
import type { Challenge } from './challenge.ts';

/** In what a provider differs from the protocol's specification. */
export interface ProbeStrategy {
  /** Statuses that mean a refused login. */
  readonly refusedLogin: readonly number[];
  /** What a 403 to the login means: the credential is no good, or it is and has not the scope that a login needs. */
  readonly forbiddenLogin: 'BAD_CREDENTIAL' | 'MISSING_SCOPE';
  /** In the body of a refusal: the credential was good once. */
  readonly expiredText: RegExp | null;
  /** JWT: read what the token grants. OPAQUE: try it out, although it may look like a JWT. REFUSED_OR_WHOLE: a token is made only with all that was asked for. */
  readonly token: 'JWT' | 'OPAQUE' | 'REFUSED_OR_WHOLE';
  /** WHERE_IT_EXISTS: to ask for a push token is what creates a repository. */
  readonly askForPush: 'ALWAYS' | 'WHERE_IT_EXISTS';
}

const BY_THE_BOOK: ProbeStrategy = {
  refusedLogin: [401, 403],
  forbiddenLogin: 'BAD_CREDENTIAL',
  expiredText: null,
  token: 'JWT',
  askForPush: 'ALWAYS',
};

const AMAZON: ProbeStrategy = {
  ...BY_THE_BOOK,
  // 400 where the password is not one of Amazon's at all.
  refusedLogin: [400, 401, 403],
  // Plain text, with status 403.
  expiredText: /authorization token has expired/i,
};

const STRATEGIES: Readonly<Record<RegistryProvider, ProbeStrategy>> = {
  // Grants less than was asked for, with status 200: only the token tells.
  DOCKER_HUB: BY_THE_BOOK,
  // 403 with `denied` to bad credentials. Tokens that can push need not look it.
  GITHUB: { ...BY_THE_BOOK, token: 'OPAQUE' },
  GITLAB: { ...BY_THE_BOOK, forbiddenLogin: 'MISSING_SCOPE' },
  GOOGLE: { ...BY_THE_BOOK, token: 'REFUSED_OR_WHOLE' },
  AMAZON_ECR: AMAZON,
  AMAZON_ECR_PUBLIC: AMAZON,
  AZURE: BY_THE_BOOK,
  QUAY: { ...BY_THE_BOOK, askForPush: 'WHERE_IT_EXISTS' },
  // With a scope it answers 200 even to bad credentials, so only the login without one tells; and with all the actions
  // that somebody has, asked for or not.
  HARBOR: BY_THE_BOOK,
  ARTIFACTORY: BY_THE_BOOK,
  DIGITALOCEAN: BY_THE_BOOK,
  GENERIC: BY_THE_BOOK,
};

/**
 * A Quay that was declared as something else, or not at all, gives itself away by its realm's path: what would create
 * repositories must not wait to be told.
 */
export function strategyFor(provider: RegistryProvider, challenge: Challenge): ProbeStrategy {
  const strategy = STRATEGIES[provider];
  const isQuay = challenge.scheme === 'BEARER' && /\/v2\/auth\/?(?:\?|$)/.test(challenge.realm);
  return isQuay ? { ...strategy, askForPush: 'WHERE_IT_EXISTS' } : strategy;
}
