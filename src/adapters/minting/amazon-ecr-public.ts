import { ECRPUBLICClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr-public';
import type { MintedPassword, MintRequest } from '../../application/ports/password-minter.ts';
import { closedConfig, mintForAmazon } from './amazon.ts';
import type { MintingContext } from './minting-context.ts';

/** The only region in which the API makes passwords, wherever a registry's images are. */
const REGION = 'us-east-1';

/** A password for public.ecr.aws, valid for twelve hours. */
export async function mintForEcrPublic(request: MintRequest, context: MintingContext): Promise<MintedPassword> {
  return mintForAmazon(request, context, REGION, async (credentials, requests) => {
    const client = new ECRPUBLICClient(closedConfig(REGION, credentials, requests, context.endpoints.ecrPublic));
    return (await client.send(new GetAuthorizationTokenCommand({}))).authorizationData;
  });
}
