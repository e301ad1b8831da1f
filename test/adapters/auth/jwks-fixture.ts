import { type IssuerConfig, parseIssuers } from '../../../src/adapters/auth/issuers.ts';
import { createKeySets, type KeySet } from '../../../src/adapters/auth/jwks.ts';
import { createAuthenticator } from '../../../src/adapters/auth/token-verifier.ts';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createGuardedFetchJson } from '../../../src/adapters/egress/guarded-fetch-json.ts';
import type { Authenticator } from '../../../src/application/ports/authenticator.ts';
import { ISSUER, jwk, NOW } from './forge.ts';
import { type JwksServer, startJwksServer } from './jwks-server.ts';

export interface VerifierOptions {
  readonly wrap?: (keySet: KeySet) => KeySet;
  readonly algorithms?: IssuerConfig['algorithms'];
}

/** An issuer that publishes the key `es256`, and a clock that moves only if a test moves it. */
export interface PublishingIssuer {
  readonly server: JwksServer;
  /** What fetches failed with. */
  readonly failures: readonly unknown[];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  pass(seconds: number): void;
  /** Fetches the keys if they are due, as the service does every few seconds. */
  refresh(): Promise<void>;
  verifier(options?: VerifierOptions): Authenticator;
  close(): Promise<void>;
}

export async function startPublishingIssuer(): Promise<PublishingIssuer> {
  const server = await startJwksServer(jwk('es256'));
  const failures: unknown[] = [];
  let ms = NOW * 1000;
  let keySets: ReadonlyMap<string, KeySet> = new Map();
  const clock = () => ms;
  return {
    server,
    failures,
    clock,
    pass: (seconds) => {
      ms += seconds * 1000;
    },
    refresh: async () => {
      await Promise.all([...keySets.values()].map((keySet) => keySet.refresh()));
    },
    verifier({ wrap = (keySet: KeySet) => keySet, ...settings } = {}) {
      const issuer = { issuer: ISSUER, audience: 'purser', jwksUri: server.url, ...settings };
      const issuers = parseIssuers(JSON.stringify([issuer]));
      const fetchJson = createGuardedFetchJson([server.url], { allow: parseAllowList([]), plainHttpHosts: new Set() });
      keySets = createKeySets(issuers, { clock, fetchJson, onFetchFailed: (_, error) => failures.push(error) });
      const wrapped = new Map([...keySets].map(([name, keySet]) => [name, wrap(keySet)]));
      return createAuthenticator({ issuers, keySets: wrapped, clock, cacheSize: 100 });
    },
    close: () => server.close(),
  };
}

export const outcome = (authenticator: Authenticator, token: string): Promise<string | undefined> =>
  authenticator.authenticate(token).then(
    () => 'accepted',
    (error: { reason?: string }) => error.reason,
  );

export const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
};
