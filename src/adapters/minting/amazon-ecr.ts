import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { type MintedPassword, MintingFailed, type MintRequest } from '../../application/ports/password-minter.ts';
import { ecrHost } from '../../domain/ecr-host.ts';
import { closedConfig, mintForAmazon } from './amazon.ts';
import type { MintingContext } from './minting-context.ts';

/** A password for all registries that the access key or the role may use, valid for twelve hours. */
export async function mintForEcr(request: MintRequest, context: MintingContext): Promise<MintedPassword> {
  const registry = ecrHost(request.url);
  if (registry === undefined) throw new MintingFailed('NOT_FOUND');
  const { region, fips, dualStack } = registry;
  const { ecr: endpoint } = context.endpoints;
  return mintForAmazon(request, context, region, async (credentials, requests) => {
    const client = new ECRClient({
      ...closedConfig(region, credentials, requests, endpoint),
      // The SDK refuses these together with a custom endpoint.
      useFipsEndpoint: fips && endpoint === undefined,
      useDualstackEndpoint: dualStack && endpoint === undefined,
    });
    const { authorizationData: [data] = [] } = await client.send(new GetAuthorizationTokenCommand({}));
    return data;
  });
}
