import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MintingEndpoints } from '../../src/adapters/minting/minting-context.ts';
import { canary } from './canary.ts';
import type { TrustedWorkload, WorkloadRefusal, WorkloadVerifier } from './workload-verifier.ts';

export type CloudName = 'AWS' | 'GOOGLE' | 'AZURE' | 'QUAY' | 'JFROG';

export const ROLE = 'arn:aws:iam::210987654321:role/push';
export const POOL_PROVIDER =
  '//iam.googleapis.com/projects/12345/locations/global/workloadIdentityPools/ci-pool/providers/purser';
export const ACCOUNT = 'pusher@acme.iam.gserviceaccount.com';
export const TENANT = '11111111-2222-3333-4444-555555555555';
export const CLIENT = '99999999-8888-7777-6666-555555555555';
export const ROBOT = 'acme+builder';
export const INTEGRATION = 'purser';

export interface FederatedClouds {
  readonly endpoints: MintingEndpoints;
  readonly url: string;
  readonly authority: string;
  /** What each cloud was set up to trust. */
  readonly trusted: Map<CloudName, TrustedWorkload>;
  /** Every token that was sent here. */
  readonly tokens: readonly string[];
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string | object;
}
interface Request {
  readonly incoming: IncomingMessage;
  readonly path: string;
  readonly body: string;
  readonly form: URLSearchParams;
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
const jwtUntil = (exp: number, sub = '') =>
  [{ alg: 'none' }, { exp, sub }, canary('jwt')]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');

/**
 * The token services of five clouds, as their documentation describes them. Each takes only the request of its own protocol,
 * with a token that it verifies by the keys that the issuer publishes, and hands out what only the exchange gives.
 */
export async function startFederatedClouds(verifier: WorkloadVerifier): Promise<FederatedClouds> {
  const trusted = new Map<CloudName, TrustedWorkload>();
  const tokens: string[] = [];
  const sessionToken = canary('aws-session');
  const googleToken = canary('google-federated');
  const entraToken = canary('entra');

  async function refused(cloud: CloudName, token: string | null): Promise<WorkloadRefusal | 'malformed' | undefined> {
    const trust = trusted.get(cloud);
    if (token === null || trust === undefined) return 'malformed';
    tokens.push(token);
    return verifier.refusal(token, trust);
  }

  async function sts({ incoming, form }: Request): Promise<Answer> {
    const error = (code: string, message: string): Answer => ({
      status: 400,
      body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
    });
    if (incoming.headers.authorization !== undefined) return error('ValidationError', 'signed');
    if (form.get('Action') !== 'AssumeRoleWithWebIdentity' || form.get('RoleArn') !== ROLE) {
      return error('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
    }
    switch (await refused('AWS', form.get('WebIdentityToken'))) {
      case undefined:
        return {
          status: 200,
          body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
            <Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>${canary('aws')}</SecretAccessKey>
            <SessionToken>${sessionToken}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
            </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
        };
      case 'time':
        return error(
          'ExpiredTokenException',
          'Token expired: current date/time must be before the expiration date/time',
        );
      case 'subject':
        return error('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
      default:
        return error('InvalidIdentityToken', 'Incorrect token audience or no OpenIDConnect provider found');
    }
  }

  async function ecr({ incoming }: Request): Promise<Answer> {
    if (incoming.headers['x-amz-security-token'] !== sessionToken)
      return { status: 400, body: { __type: 'UnrecognizedClientException' } };
    const authorizationToken = Buffer.from(`AWS:${canary('ecr')}`).toString('base64');
    return { status: 200, body: { authorizationData: [{ authorizationToken, expiresAt: inAnHour() }] } };
  }

  async function googleSts({ form }: Request): Promise<Answer> {
    const isExchange =
      form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:token-exchange' &&
      form.get('subject_token_type') === 'urn:ietf:params:oauth:token-type:jwt';
    if (!isExchange) return { status: 400, body: { error: 'invalid_request' } };
    if (form.get('audience') !== POOL_PROVIDER) return { status: 400, body: { error: 'invalid_target' } };
    const why = await refused('GOOGLE', form.get('subject_token'));
    if (why === undefined)
      return { status: 200, body: { access_token: googleToken, expires_in: 3599, token_type: 'Bearer' } };
    const error_description =
      why === 'time' ? 'ID Token issued at 1 is stale to sign-in.' : `The ${why} of the ID Token is not accepted.`;
    const error = why === 'subject' ? 'unauthorized_client' : 'invalid_grant';
    return { status: 400, body: { error, error_description } };
  }

  async function googleAccount({ incoming, body }: Request): Promise<Answer> {
    if (incoming.headers.authorization !== `Bearer ${googleToken}`) return { status: 401, body: {} };
    const { scope, lifetime } = JSON.parse(body);
    if (!Array.isArray(scope) || lifetime !== '3600s') return { status: 400, body: {} };
    return {
      status: 200,
      body: { accessToken: canary('google-account'), expireTime: new Date(inAnHour() * 1000).toISOString() },
    };
  }

  async function entra({ form }: Request): Promise<Answer> {
    const error = (code: number, name: string): Answer => ({ status: 401, body: { error: name, error_codes: [code] } });
    if (form.has('client_secret')) return error(7000215, 'invalid_client');
    const isAssertion = form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    if (!isAssertion || form.get('client_id') !== CLIENT) return error(700016, 'unauthorized_client');
    switch (await refused('AZURE', form.get('client_assertion'))) {
      case undefined:
        return { status: 200, body: { access_token: entraToken, expires_in: 3599, token_type: 'Bearer' } };
      case 'time':
        return error(700024, 'invalid_client');
      case 'audience':
        return error(700212, 'invalid_client');
      case 'subject':
        return error(700213, 'invalid_client');
      default:
        return error(5000274, 'invalid_client');
    }
  }

  async function acr({ form }: Request): Promise<Answer> {
    if (form.get('access_token') !== entraToken || form.get('grant_type') !== 'access_token')
      return { status: 401, body: {} };
    return { status: 200, body: { refresh_token: jwtUntil(inAnHour()) } };
  }

  async function quay({ incoming }: Request): Promise<Answer> {
    const [scheme, value = ''] = (incoming.headers.authorization ?? '').split(' ');
    const [name, token = null] = Buffer.from(value, 'base64').toString().split(':');
    const why = scheme === 'Basic' && name === ROBOT ? await refused('QUAY', token) : 'malformed';
    if (why !== undefined) return { status: 401, body: { error: why } };
    return { status: 200, body: { token: jwtUntil(inAnHour()) } };
  }

  async function jfrog({ body }: Request): Promise<Answer> {
    const { grant_type, subject_token_type, subject_token, provider_name } = JSON.parse(body);
    const isExchange =
      grant_type === 'urn:ietf:params:oauth:grant-type:token-exchange' &&
      subject_token_type === 'urn:ietf:params:oauth:token-type:id_token';
    if (!isExchange || provider_name !== INTEGRATION) return { status: 400, body: { errors: [] } };
    if ((await refused('JFROG', subject_token)) !== undefined) return { status: 403, body: { errors: [] } };
    return { status: 200, body: { access_token: jwtUntil(inAnHour(), 'jfac@01h/users/builder'), expires_in: 3600 } };
  }

  function serviceFor({ incoming, path }: Request): ((request: Request) => Promise<Answer>) | undefined {
    switch (`${incoming.method} ${path}`) {
      case 'POST /':
        return incoming.headers['x-amz-target'] === undefined ? sts : ecr;
      case 'POST /v1/token':
        return googleSts;
      case `POST /v1/projects/-/serviceAccounts/${encodeURIComponent(ACCOUNT)}:generateAccessToken`:
        return googleAccount;
      case `POST /${TENANT}/oauth2/v2.0/token`:
        return entra;
      case 'POST /oauth2/exchange':
        return acr;
      case 'GET /oauth2/federation/robot/token':
        return quay;
      case 'POST /access/api/v1/oidc/token':
        return jfrog;
      default:
        return undefined;
    }
  }

  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString('utf8');
    const request = { incoming, path: incoming.url ?? '', body, form: new URLSearchParams(body) };
    const answer = (await serviceFor(request)?.(request)) ?? { status: 404, body: {} };
    const isXml = typeof answer.body === 'string';
    response.writeHead(answer.status, { 'content-type': isXml ? 'text/xml' : 'application/json' });
    response.end(isXml ? answer.body : JSON.stringify(answer.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `http://${authority}`;
  return {
    endpoints: {
      ecr: url,
      sts: url,
      entra: url,
      azureRegistry: url,
      googleSts: `${url}/v1/token`,
      googleIam: url,
      quay: url,
      artifactory: url,
    },
    url,
    authority,
    trusted,
    tokens,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
