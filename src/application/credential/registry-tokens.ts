import { LRUCache } from 'lru-cache';
import type { LeasePurpose } from '../../domain/credential.ts';
import { PurserError } from '../../domain/errors.ts';
import { REFUSALS } from '../../domain/probe-outcome.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import { actionsFor, type TokenFault, tokenAdvice } from '../../domain/registry-token.ts';
import { type RegistryToken, RegistryTokenRefused, type RegistryTokenServer } from '../ports/registry-token-server.ts';
import type { LoginCredential } from '../ports/vault.ts';
import type { EffectiveCredential } from './effective-credential.ts';

/** After a failure the registry is not asked for this long. Meanwhile callers get the same answer. */
export const RETRY_TOKEN_MS = 15_000;
/** The same for a login that was refused: registries ban addresses after some of these. */
export const RETRY_LOGIN_MS = 60_000;
const MAX_FAILURES = 1_000;

export interface RegistryTokensDeps {
  readonly server: RegistryTokenServer;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type AskedRegistry = Pick<LiveRegistry, 'projectId' | 'url' | 'provider' | 'caCertificate' | 'authRealmHost'> & {
  readonly credential: Pick<LiveRegistry['credential'], 'secretId'>;
};

/**
 * A registry token in place of a login. It is new each time and kept nowhere; concurrent asks for the same share one.
 * @throws PurserError CREDENTIAL_UNAVAILABLE, with what to do
 */
export type RegistryTokens = (
  registry: AskedRegistry,
  login: LoginCredential,
  wanted: { readonly repository: string; readonly purpose: LeasePurpose },
) => Promise<EffectiveCredential>;

interface Failure {
  readonly fault: TokenFault;
  readonly until: number;
}

export function createRegistryTokens({ server, now }: RegistryTokensDeps): RegistryTokens {
  const underWay = new Map<string, Promise<RegistryToken>>();
  const failures = new LRUCache<string, Failure>({ max: MAX_FAILURES });

  return async (registry, login, { repository, purpose }) => {
    const { projectId, url, provider, caCertificate, authRealmHost, credential } = registry;
    // All that a new try could depend on: a rotation, or a change of the registry, is tried at once.
    const account = JSON.stringify([projectId, url, credential.secretId, provider, caCertificate, authRealmHost]);
    const name = JSON.stringify([account, repository, purpose]);
    const failed = [account, name].map((key) => failures.get(key)).find((one) => one && one.until > now());
    if (failed) throw unavailable(failed.fault, registry, repository);
    const { username, password } = login;
    const request = { url, provider, username, password, caCertificate, authRealmHost, repository };
    const running = underWay.get(name) ?? server.makeToken({ ...request, actions: actionsFor(purpose) });
    underWay.set(name, running);
    try {
      const { token, expiresAt } = await running;
      return { username, password: token, expiresAt, expirySource: 'REGISTRY' };
    } catch (error) {
      if (!(error instanceof RegistryTokenRefused)) throw error;
      const { fault } = error;
      const ofLogin = fault.kind === 'REFUSED' && REFUSALS.includes(fault.outcome);
      const until = now() + (ofLogin ? RETRY_LOGIN_MS : RETRY_TOKEN_MS);
      failures.set(ofLogin ? account : name, { fault, until });
      throw unavailable(fault, registry, repository, error);
    } finally {
      if (underWay.get(name) === running) underWay.delete(name);
    }
  };
}

function unavailable(fault: TokenFault, registry: AskedRegistry, repository: string, cause?: unknown): PurserError {
  const why = fault.kind === 'REFUSED' ? fault.outcome : fault.kind;
  const message = `${registry.url} made no token for ${repository} that can be handed out (${why}). ${tokenAdvice(fault, registry)}`;
  return new PurserError('CREDENTIAL_UNAVAILABLE', message.trim(), {}, { cause });
}
