import { BY_THE_BOOK, type ProbeStrategy } from '../../domain/providers/profile.ts';
import { PROVIDER_ENTRIES, PROVIDERS, type RegistryProvider } from '../../domain/providers/table.ts';
import type { Challenge } from './challenge.ts';

/**
 * How the registry is probed. One that was declared as something else, or not at all, gives itself away by its realm:
 * what would create repositories must not wait to be told.
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
