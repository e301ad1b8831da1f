import { JWT } from 'google-auth-library';
import type { EgressFetch } from '../../application/ports/egress.ts';
import {
  type MintedPassword,
  MintingFailed,
  type MintingFault,
  type MintRequest,
} from '../../application/ports/password-minter.ts';
import type { LoginCredential } from '../../application/ports/vault.ts';
import { serviceAccountKey } from '../../domain/mint-kinds/google.ts';
import { ACCESS_TOKEN_USERNAME } from '../../domain/providers/google.ts';
import { mintedPassword } from './minted-password.ts';
import type { MintingContext } from './minting-context.ts';
import { faultOfStatus } from './minting-fault.ts';
import { rsaPrivateKey } from './rsa-private-key.ts';

/** Assertions are sent only here: the `token_uri` of a pasted key is ignored. */
const TOKEN_ENDPOINT = 'https://oauth2.googleapis.com/token';
/** To pull, the right to read storage is enough, in Container Registry and in Artifact Registry. */
const PULL_SCOPE = 'https://www.googleapis.com/auth/devstorage.read_only';
const PUSH_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

interface ServiceAccountKey {
  readonly email: string;
  readonly key: string;
}

/** The service account signs an assertion and gets an access token that lasts an hour. */
export async function mintForGoogle(
  { source, purpose }: MintRequest,
  { session, now, endpoints }: MintingContext,
): Promise<MintedPassword> {
  const { email, key } = parseKey(source);
  const tokens = watchRefusals(session.fetch, endpoints.googleToken ?? TOKEN_ENDPOINT);
  // Only `JWT`: the library's other clients for JSON files read other files, start programs or ask the metadata service.
  const client = new JWT({
    email,
    key,
    scopes: [purpose === 'PUSH' ? PUSH_SCOPE : PULL_SCOPE],
    // No interceptors: with a certain environment variable they log the tokens.
    useAuthRequestParameters: false,
    transporterOptions: {
      fetchImplementation: tokens.fetch,
      retryConfig: { retry: 0 },
      // Otherwise the library looks for a proxy in the environment.
      noProxy: [/^/],
    },
  });
  const issuedAt = now();
  try {
    const { access_token: token, expiry_date: expiryDate } = await client.authorize();
    // The library adds the token's life to the system's clock at the time of the answer.
    const lifeMs = (expiryDate ?? 0) - Date.now();
    return mintedPassword({ username: ACCESS_TOKEN_USERNAME, token, issuedAt, expiresAt: issuedAt + lifeMs });
  } catch (error) {
    const fault = await tokens.refusal();
    throw fault === undefined ? error : new MintingFailed(fault);
  }
}

/** @throws MintingFailed */
function parseKey({ username, password }: LoginCredential): ServiceAccountKey {
  const parsed = parseJson(serviceAccountKey(username, password.reveal()));
  if (!isServiceAccountKey(parsed)) throw new MintingFailed('CREDENTIAL_REFUSED');
  // Checked here, because the library's error for a wrong key contains parts of the key.
  rsaPrivateKey(parsed.private_key);
  return { email: parsed.client_email, key: parsed.private_key };
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

/** A `fetch` to one URL only that keeps the refusal: the library's errors are meant for people, not for code. */
function watchRefusals(send: EgressFetch, url: string) {
  let refused: Response | undefined;
  return {
    fetch: async (_: unknown, init?: RequestInit): Promise<Response> => {
      const response = await send(url, init);
      if (!response.ok) refused = response.clone();
      return response;
    },
    refusal: async (): Promise<MintingFault | undefined> => refused && faultOf(refused),
  };
}

async function faultOf(response: Response): Promise<MintingFault> {
  switch (await errorCode(response)) {
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
      return faultOfStatus(response.status);
  }
}

async function errorCode(response: Response): Promise<unknown> {
  try {
    const answer: unknown = await response.json();
    return typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined;
  } catch {
    return undefined;
  }
}
