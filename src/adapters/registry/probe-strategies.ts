import { BY_THE_BOOK, type ProbeStrategy } from '../../domain/providers/profile.ts';
import { PROVIDER_ENTRIES, PROVIDERS, type RegistryProvider } from '../../domain/providers/table.ts';
import type { Challenge } from './challenge.ts';

/**
 * How to probe the registry. Some registries create a repository if a client asks to push to it. Their realm identifies
 * them even if nobody declared the right provider, so that a probe creates none.
 */
export function strategyFor(provider: RegistryProvider, challenge: Challenge): ProbeStrategy {
  const strategy = PROVIDERS[provider].probe ?? BY_THE_BOOK;
  const createsByAsking =
    challenge.scheme === 'BEARER' &&
    PROVIDER_ENTRIES.some(
      ([, { probe }]) => probe?.askForPush === 'WHERE_IT_EXISTS' && probe.telltaleRealm?.test(challenge.realm),
    );
  return createsByAsking ? { ...strategy, askForPush: 'WHERE_IT_EXISTS' } : strategy;
}
