import type { ECRClientConfig } from '@aws-sdk/client-ecr';
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, type Credentials, STSClient } from '@aws-sdk/client-sts';
import { type MintedPassword, MintingFailed, type MintRequest } from '../../application/ports/password-minter.ts';
import { decodedBase64 } from '../../domain/secret-shapes.ts';
import { awsFault, webIdentityFault } from './aws-fault.ts';
import { createAwsRequestHandler, type WatchedRequestHandler } from './aws-request-handler.ts';
import { mintedPassword } from './minted-password.ts';
import { type MintingContext, requireOwnToken } from './minting-context.ts';

/** Visible in the CloudTrail of the role's account. */
const ROLE_SESSION_NAME = 'purser';
/** The shortest time for which a role can be assumed. The password outlives it. */
const ROLE_SESSION_SECONDS = 900;

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What the API of a registry answers. */
export interface AuthorizationData {
  /** User name and password, in base64. */
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

/**
 * The access key, or the role that it assumes, gets a password from a registry's API.
 * @param region of the API, and of the token service
 */
export async function mintForAmazon(
  { mint, source }: MintRequest,
  context: MintingContext,
  region: string,
  ask: (credentials: AwsCredentials, requests: WatchedRequestHandler) => Promise<AuthorizationData | undefined>,
): Promise<MintedPassword> {
  const { session, now, endpoints } = context;
  const requests = createAwsRequestHandler(session);
  const issuedAt = now();
  try {
    const credentials = mint.federated
      ? await assumeRoleByToken(mint, requireOwnToken(context), region, requests, endpoints.sts)
      : await credentialsOf(mint, source, region, requests, endpoints.sts);
    const data = await ask(credentials, requests);
    if (data === undefined) throw new MintingFailed('UNEXPECTED_ANSWER');
    const [, username, token] = /^([^:]+):(.+)$/.exec(decodedBase64(data.authorizationToken ?? '') ?? '') ?? [];
    return mintedPassword({ username: username ?? '', token, issuedAt, expiresAt: data.expiresAt?.getTime() });
  } catch (error) {
    if (error instanceof MintingFailed) throw error;
    const fault = awsFault(error, requests.lastStatus());
    throw fault === undefined ? error : new MintingFailed(fault);
  }
}

async function credentialsOf(
  mint: MintRequest['mint'],
  source: MintRequest['source'],
  region: string,
  requests: WatchedRequestHandler,
  endpoint: string | undefined,
): Promise<AwsCredentials> {
  const key = { accessKeyId: source.username, secretAccessKey: source.password.reveal() };
  return mint.roleArn === null ? key : assumeRole(mint, key, region, requests, endpoint);
}

async function assumeRole(
  { roleArn, externalId }: MintRequest['mint'],
  key: AwsCredentials,
  region: string,
  requests: WatchedRequestHandler,
  endpoint: string | undefined,
): Promise<AwsCredentials> {
  const client = new STSClient({
    ...closedConfig(region, key, requests, endpoint),
    sigv4aSigningRegionSet: [],
  });
  const { Credentials: assumed } = await client.send(
    new AssumeRoleCommand({
      RoleArn: roleArn ?? undefined,
      RoleSessionName: ROLE_SESSION_NAME,
      DurationSeconds: ROLE_SESSION_SECONDS,
      ...(externalId !== null && { ExternalId: externalId }),
    }),
  );
  return sessionOf(assumed);
}

/** The request has no signature: the token is all that it proves itself by. */
async function assumeRoleByToken(
  { roleArn }: MintRequest['mint'],
  token: string,
  region: string,
  requests: WatchedRequestHandler,
  endpoint: string | undefined,
): Promise<AwsCredentials> {
  const client = new STSClient({
    ...closedConfig(region, { accessKeyId: 'none', secretAccessKey: 'none' }, requests, endpoint),
    sigv4aSigningRegionSet: [],
  });
  try {
    const { Credentials: assumed } = await client.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleArn ?? undefined,
        RoleSessionName: ROLE_SESSION_NAME,
        DurationSeconds: ROLE_SESSION_SECONDS,
        WebIdentityToken: token,
      }),
    );
    return sessionOf(assumed);
  } catch (error) {
    const fault = webIdentityFault(error, requests.lastStatus());
    throw fault === undefined ? error : new MintingFailed(fault);
  }
}

function sessionOf(assumed: Credentials | undefined): AwsCredentials {
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = assumed ?? {};
  if (!accessKeyId || !secretAccessKey || !sessionToken) throw new MintingFailed('UNEXPECTED_ANSWER');
  return { accessKeyId, secretAccessKey, sessionToken };
}

/**
 * All settings that the SDK would otherwise look up in the environment, in `~/.aws` or at the metadata service. If one is
 * missing here, the SDK looks there.
 */
export function closedConfig(
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
