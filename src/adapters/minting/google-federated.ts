import {
  type MintedPassword,
  MintingFailed,
  type MintingFault,
  type MintRequest,
} from '../../application/ports/password-minter.ts';
import { parseInstant } from '../../domain/instant.ts';
import { ACCESS_TOKEN_USERNAME } from '../../domain/providers/google.ts';
import { PULL_SCOPE, PUSH_SCOPE } from './google.ts';
import { type JsonAnswer, postForm, requestJson, textOf } from './json-request.ts';
import { endOfLife, mintedPassword } from './minted-password.ts';
import { type MintingContext, requireOwnToken } from './minting-context.ts';
import { faultOfStatus } from './minting-fault.ts';

const TOKEN_EXCHANGE = 'https://sts.googleapis.com/v1/token';
const IAM_CREDENTIALS = 'https://iamcredentials.googleapis.com';
const LIFETIME_SECONDS = 3600;

/**
 * The workload identity pool exchanges the service's own token (RFC 8693) for an access token of at most an hour. With a service
 * account, that token is only good to ask for one of the account.
 */
export async function mintForGoogleFederated(
  { mint, purpose }: MintRequest,
  context: MintingContext,
): Promise<MintedPassword> {
  const { session, now, endpoints } = context;
  const issuedAt = now();
  const scope = purpose === 'PUSH' ? PUSH_SCOPE : PULL_SCOPE;
  const account = mint.serviceAccountEmail;
  const exchange = await postForm(session, endpoints.googleSts ?? TOKEN_EXCHANGE, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: mint.workloadIdentityProvider ?? '',
    scope: account === undefined ? scope : PUSH_SCOPE,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    subject_token: requireOwnToken(context),
  });
  if (exchange.status !== 200) throw new MintingFailed(exchangeFault(exchange));
  const token = textOf(exchange.json, 'access_token');
  if (account !== undefined) return ofAccount(account, token, scope, context);
  return mintedPassword({
    username: ACCESS_TOKEN_USERNAME,
    token,
    issuedAt,
    expiresAt: endOfLife(issuedAt, exchange.json?.expires_in),
  });
}

async function ofAccount(
  account: string,
  token: string,
  scope: string,
  { session, now, endpoints }: MintingContext,
): Promise<MintedPassword> {
  const issuedAt = now();
  const answer = await requestJson(session, {
    url: `${endpoints.googleIam ?? IAM_CREDENTIALS}/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:generateAccessToken`,
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ scope: [scope], lifetime: `${LIFETIME_SECONDS}s` }),
  });
  if (answer.status !== 200) throw new MintingFailed(faultOfStatus(answer.status));
  const expiresAt = parseInstant(textOf(answer.json, 'expireTime'));
  return mintedPassword({
    username: ACCESS_TOKEN_USERNAME,
    token: answer.json?.accessToken,
    issuedAt,
    expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
  });
}

/** Said of a token whose times are not those of Google's clock, and of keys that cannot be read. */
const TIME_TEXT = /\bstale\b|issued in the future|\bexpired\b/i;
const KEYS_TEXT = /connecting to the given credential's issuer/i;

function exchangeFault({ status, json }: JsonAnswer): MintingFault {
  const text = typeof json?.error_description === 'string' ? json.error_description : '';
  if (KEYS_TEXT.test(text)) return 'ISSUER_UNREACHABLE';
  if (json?.error === 'invalid_grant' && TIME_TEXT.test(text)) return 'CLOCK_SKEWED';
  switch (json?.error) {
    case 'invalid_target':
      return 'NOT_FOUND';
    case 'invalid_grant':
    case 'invalid_request':
    case 'unauthorized_client':
      return 'TOKEN_REFUSED';
    default:
      return faultOfStatus(status);
  }
}
