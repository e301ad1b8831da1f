import {
  type MintedPassword,
  MintingFailed,
  type MintingFault,
  type MintRequest,
} from '../../application/ports/password-minter.ts';
import type { LoginCredential } from '../../application/ports/vault.ts';
import { serviceAccountKey } from '../../domain/mint-kinds/google.ts';
import { ACCESS_TOKEN_USERNAME } from '../../domain/providers/google.ts';
import { type JsonAnswer, postForm } from './json-request.ts';
import { endOfLife, mintedPassword } from './minted-password.ts';
import type { MintingContext } from './minting-context.ts';
import { faultOfStatus } from './minting-fault.ts';

/** Assertions are made for this endpoint and sent only there: the `token_uri` of a pasted key is ignored. */
const TOKEN_ENDPOINT = 'https://oauth2.googleapis.com/token';
/** To pull, the right to read storage is enough, in Container Registry and in Artifact Registry. */
export const PULL_SCOPE = 'https://www.googleapis.com/auth/devstorage.read_only';
export const PUSH_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const ASSERTION_SECONDS = 3600;

interface ServiceAccountKey {
  readonly email: string;
  readonly pem: string;
}

/** The service account signs an assertion (RFC 7523) and gets an access token that lasts an hour. */
export async function mintForGoogle(
  { source, purpose }: MintRequest,
  { session, now, endpoints, signAssertion }: MintingContext,
): Promise<MintedPassword> {
  const { email, pem } = parseKey(source);
  const issuedAt = now();
  const iat = Math.floor(issuedAt / 1000);
  const scope = purpose === 'PUSH' ? PUSH_SCOPE : PULL_SCOPE;
  const claims = { iss: email, scope, aud: TOKEN_ENDPOINT, iat, exp: iat + ASSERTION_SECONDS };
  const answer = await postForm(session, endpoints.googleToken ?? TOKEN_ENDPOINT, {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: await signAssertion(claims, pem),
  });
  if (answer.status !== 200) throw new MintingFailed(faultOf(answer));
  return mintedPassword({
    username: ACCESS_TOKEN_USERNAME,
    token: answer.json?.access_token,
    issuedAt,
    expiresAt: endOfLife(issuedAt, answer.json?.expires_in),
  });
}

/** @throws MintingFailed */
function parseKey({ username, password }: LoginCredential): ServiceAccountKey {
  const parsed = parseJson(serviceAccountKey(username, password.reveal()));
  if (!isServiceAccountKey(parsed)) throw new MintingFailed('CREDENTIAL_REFUSED');
  return { email: parsed.client_email, pem: parsed.private_key };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isServiceAccountKey(value: unknown): value is { readonly client_email: string; readonly private_key: string } {
  if (typeof value !== 'object' || value === null) return false;
  if (!('type' in value && 'client_email' in value && 'private_key' in value)) return false;
  const { type, client_email, private_key } = value;
  return type === 'service_account' && typeof client_email === 'string' && typeof private_key === 'string';
}

/** Said of an assertion whose times are not those of Google's clock. */
const TIME_TEXT = /\biat and exp\b|reasonable timeframe/;

function faultOf({ status, json }: JsonAnswer): MintingFault {
  const text = json?.error_description;
  if (json?.error === 'invalid_grant' && typeof text === 'string' && TIME_TEXT.test(text)) return 'CLOCK_SKEWED';
  switch (json?.error) {
    case 'invalid_grant':
    case 'invalid_client':
    case 'deleted_client':
    case 'disabled_client':
      return 'CREDENTIAL_REFUSED';
    case 'unauthorized_client':
    case 'access_denied':
    case 'invalid_scope':
    case 'restricted_client':
      return 'NOT_PERMITTED';
    default:
      return faultOfStatus(status);
  }
}
