import { ECRClient, type ECRClientConfig, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type MintedPassword, MintingFailed, type MintRequest } from '../../application/ports/password-minter.ts';
import { type EcrHost, ecrHost } from '../../domain/ecr-host.ts';
import { decodedBase64 } from '../../domain/secret-shapes.ts';
import { awsFault } from './aws-fault.ts';
import { createAwsRequestHandler, type WatchedRequestHandler } from './aws-request-handler.ts';
import { mintedPassword } from './minted-password.ts';
import type { MintingContext } from './minting-context.ts';

/** Visible in the CloudTrail of the role's account. */
const ROLE_SESSION_NAME = 'purser';
/** The shortest time for which a role can be assumed. The password outlives it. */
const ROLE_SESSION_SECONDS = 900;

interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The access key, or the role that it assumes, gets a password for all registries it may use, valid for twelve hours. */
export async function mintForEcr(
  { mint, url, source }: MintRequest,
  { session, now, endpoints }: MintingContext,
): Promise<MintedPassword> {
  const registry = ecrHost(url);
  if (registry === undefined) throw new MintingFailed('NOT_FOUND');
  const key = { accessKeyId: source.username, secretAccessKey: source.password.reveal() };
  const requests = createAwsRequestHandler(session);
  const issuedAt = now();
  try {
    const credentials =
      mint.roleArn === null ? key : await assumeRole(mint.roleArn, key, registry, requests, endpoints.sts);
    const { authorizationToken, expiresAt } = await authorizationData(credentials, registry, requests, endpoints.ecr);
    const [, username, token] = /^([^:]+):(.+)$/.exec(decodedBase64(authorizationToken ?? '') ?? '') ?? [];
    return mintedPassword({ username: username ?? '', token, issuedAt, expiresAt: expiresAt?.getTime() });
  } catch (error) {
    const fault = awsFault(error, requests.lastStatus());
    throw fault === undefined ? error : new MintingFailed(fault);
  }
}

async function assumeRole(
  roleArn: string,
  key: AwsCredentials,
  { region }: EcrHost,
  requests: WatchedRequestHandler,
  endpoint: string | undefined,
): Promise<AwsCredentials> {
  const client = new STSClient({
    ...closedConfig(region, key, requests, endpoint),
    sigv4aSigningRegionSet: [],
  });
  const { Credentials: assumed } = await client.send(
    new AssumeRoleCommand({
      RoleArn: roleArn,
      RoleSessionName: ROLE_SESSION_NAME,
      DurationSeconds: ROLE_SESSION_SECONDS,
    }),
  );
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = assumed ?? {};
  if (!accessKeyId || !secretAccessKey || !sessionToken) throw new MintingFailed('UNEXPECTED_ANSWER');
  return { accessKeyId, secretAccessKey, sessionToken };
}

async function authorizationData(
  credentials: AwsCredentials,
  { region, fips, dualStack }: EcrHost,
  requests: WatchedRequestHandler,
  endpoint: string | undefined,
) {
  const client = new ECRClient({
    ...closedConfig(region, credentials, requests, endpoint),
    // The SDK refuses these together with a custom endpoint.
    useFipsEndpoint: fips && endpoint === undefined,
    useDualstackEndpoint: dualStack && endpoint === undefined,
  });
  const { authorizationData: [data] = [] } = await client.send(new GetAuthorizationTokenCommand({}));
  if (data === undefined) throw new MintingFailed('UNEXPECTED_ANSWER');
  return data;
}

/**
 * All settings that the SDK would otherwise look up in the environment, in `~/.aws` or at the metadata service. If one is
 * missing here, the SDK looks there.
 */
function closedConfig(
  region: string,
  credentials: AwsCredentials,
  { handler }: WatchedRequestHandler,
  endpoint: string | undefined,
) {
  return {
    region,
    credentials,
    requestHandler: handler,
    ...(endpoint !== undefined && { endpoint }),
    ignoreConfiguredEndpointUrls: true,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    defaultsMode: 'standard',
    retryMode: 'standard',
    maxAttempts: 1,
    userAgentAppId: 'purser',
    authSchemePreference: ['sigv4'],
    disableClockSkewCorrection: true,
  } satisfies ECRClientConfig;
}
