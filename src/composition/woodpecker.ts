import { createWoodpeckerRequests } from '../adapters/auth/woodpecker-requests.ts';
import { parseWoodpeckerServers, type WoodpeckerServer } from '../adapters/auth/woodpecker-servers.ts';
import type { Queryable } from '../adapters/postgres/statement.ts';
import { createTakenSignatures } from '../adapters/postgres/taken-signatures.ts';
import type { SignedRequests } from '../application/ports/signed-requests.ts';
import type { Config } from '../config/config.ts';

/** Those of the configuration. @throws WoodpeckerConfigurationError */
export function configuredWoodpeckerServers({ woodpeckerServers }: Config): readonly WoodpeckerServer[] {
  return woodpeckerServers === undefined ? [] : parseWoodpeckerServers(woodpeckerServers);
}

/** Undefined if no server is declared. */
export function woodpeckerRequests(
  servers: readonly WoodpeckerServer[],
  database: Queryable,
): SignedRequests | undefined {
  if (servers.length === 0) return undefined;
  return createWoodpeckerRequests({ servers, taken: createTakenSignatures(database), clock: Date.now });
}
