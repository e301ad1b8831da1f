import { readFile } from 'node:fs/promises';
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Egress } from '../../application/ports/egress.ts';
import { type AwsCredentials, closedConfig } from '../minting/amazon.ts';
import { createAwsRequestHandler } from '../minting/aws-request-handler.ts';
import { failedRequest } from './asked-service.ts';
import { KeyServiceFailed } from './key-service.ts';
import type { AwsKmsSettings, WebIdentity } from './settings.ts';

export interface AwsLogin {
  /** @throws KeyServiceFailed */
  credentials(region: string): Promise<AwsCredentials>;
  /** Whether others can be had in place of these, which have ended. */
  forget(ended: AwsCredentials): boolean;
}

const DEADLINE_MS = 5_000;
/** New credentials are fetched so long before the old ones end. */
const EARLIER_MS = 5 * 60_000;
const SESSION_NAME = 'purser';
const SESSION_SECONDS = 3_600;

/** An access key, or a role that is assumed with a token of the platform, as in EKS. */
export function createAwsLogin(
  { credentials, stsEndpoint }: AwsKmsSettings,
  egress: Egress,
  now: () => number,
): AwsLogin {
  let held: { readonly credentials: AwsCredentials; readonly until: number } | undefined;
  let underWay: Promise<AwsCredentials> | undefined;

  async function assume(identity: WebIdentity, region: string): Promise<AwsCredentials> {
    const token = await readFile(identity.webIdentityTokenFile, 'utf8').catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
      throw new KeyServiceFailed(
        'refused',
        `cannot be used: the file ${identity.webIdentityTokenFile} cannot be read (${code})`,
      );
    });
    const session = egress.open({ deadlineMs: DEADLINE_MS });
    try {
      const requests = createAwsRequestHandler(session);
      // The request is not signed: the token stands for the caller.
      const nobody = { accessKeyId: 'unsigned', secretAccessKey: 'unsigned' };
      const client = new STSClient({
        ...closedConfig(region, nobody, requests, stsEndpoint ?? undefined),
        sigv4aSigningRegionSet: [],
      });
      const { Credentials: assumed } = await client.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: identity.roleArn,
          RoleSessionName: SESSION_NAME,
          WebIdentityToken: token.trim(),
          DurationSeconds: SESSION_SECONDS,
        }),
      );
      const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = assumed ?? {};
      if (!accessKeyId || !secretAccessKey || !sessionToken) {
        throw new KeyServiceFailed('outage', 'cannot be used: the token service has sent no credentials');
      }
      const until = (assumed?.Expiration?.getTime() ?? now() + SESSION_SECONDS * 1_000) - EARLIER_MS;
      held = { credentials: { accessKeyId, secretAccessKey, sessionToken }, until };
      return held.credentials;
    } catch (error) {
      if (session.fault !== undefined) throw failedRequest(error);
      if (error instanceof KeyServiceFailed || !(error instanceof Error)) throw error;
      const isPassing = /^(?:Throttl|RequestLimit|IDPCommunication|ServiceUnavailable|Internal)/.test(error.name);
      throw new KeyServiceFailed(
        isPassing ? 'outage' : 'refused',
        `cannot be used: the role ${identity.roleArn} cannot be assumed (${error.name})`,
        undefined,
        { cause: error },
      );
    } finally {
      await session.close();
    }
  }

  if (credentials.kind === 'access-key') {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const key = {
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken !== null && { sessionToken: sessionToken.reveal() }),
    };
    return { credentials: async () => key, forget: () => false };
  }
  return {
    async credentials(region) {
      if (held !== undefined && held.until > now()) return held.credentials;
      underWay ??= assume(credentials, region).finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    forget(ended) {
      if (held?.credentials === ended) held = undefined;
      return true;
    },
  };
}
