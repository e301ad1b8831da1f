import { createWoodpeckerRequests } from '../adapters/auth/woodpecker-requests.ts';
import {
  parseWoodpeckerServers,
  WoodpeckerConfigurationError,
  type WoodpeckerServer,
} from '../adapters/auth/woodpecker-servers.ts';
import type { Queryable } from '../adapters/postgres/statement.ts';
import { createTakenSignatures } from '../adapters/postgres/taken-signatures.ts';
import type { SignedRequests } from '../application/ports/signed-requests.ts';
import type { Config } from '../config/config.ts';

/** Those of the configuration. @throws WoodpeckerConfigurationError */
export function configuredWoodpeckerServers({ woodpeckerServers }: Config): readonly WoodpeckerServer[] {
  return woodpeckerServers === undefined ? [] : parseWoodpeckerServers(woodpeckerServers);
}

/**
 * Those whose pipelines trust rules grant permissions to.
 * @throws WoodpeckerConfigurationError if an issuer of tokens has the same address: a rule could not tell them apart
 */
export function woodpeckerRuleIssuers(
  servers: readonly WoodpeckerServer[],
  issuers: readonly { readonly issuer: string }[],
): readonly string[] {
  const urls = servers.filter(({ projects }) => projects === undefined).map(({ url }) => url);
  const both = urls.find((url) => issuers.some(({ issuer }) => issuer === url));
  if (both === undefined) return urls;
  throw new WoodpeckerConfigurationError(
    `WOODPECKER_SERVERS: ${both} is an issuer of JWT_ISSUERS too. Write the address of one of them another way.`,
  );
}

/** Undefined if no server is declared. */
export function woodpeckerRequests(
  servers: readonly WoodpeckerServer[],
  database: Queryable,
): SignedRequests | undefined {
  if (servers.length === 0) return undefined;
  return createWoodpeckerRequests({ servers, taken: createTakenSignatures(database), clock: Date.now });
}
