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

/** The only place that assertions are sent to: where a pasted key's own `token_uri` points is not looked at. */
const TOKEN_ENDPOINT = 'https://oauth2.googleapis.com/token';
/** Reading storage is what pulling takes, from Container Registry as well as from Artifact Registry. */
const PULL_SCOPE = 'https://www.googleapis.com/auth/devstorage.read_only';
const PUSH_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

interface ServiceAccountKey {
  readonly email: string;
  readonly key: string;
}

/** The service account signs for itself, and gets an access token that lasts an hour. */
export async function mintForGoogle(
  { source, purpose }: MintRequest,
  { session, now, endpoints }: MintingContext,
): Promise<MintedPassword> {
  const { email, key } = parseKey(source);
  const tokens = watchRefusals(session.fetch, endpoints.googleToken ?? TOKEN_ENDPOINT);
  // `JWT` alone: what else the library can make of a JSON file reads other files, starts programs or asks the metadata
  // service.
  const client = new JWT({
    email,
    key,
    scopes: [purpose === 'PUSH' ? PUSH_SCOPE : PULL_SCOPE],
    // Without its interceptors, which an environment variable makes log the tokens.
    useAuthRequestParameters: false,
    transporterOptions: {
      fetchImplementation: tokens.fetch,
      retryConfig: { retry: 0 },
      // Otherwise it looks for a proxy in the environment.
      noProxy: [/^/],
    },
  });
  const issuedAt = now();
  try {
    const { access_token: token, expiry_date: expiryDate } = await client.authorize();
    // The library counts from the answer on, by the system's clock.
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
  // The library would say in its own words, and with pieces of it, what is wrong with the key.
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

/** A `fetch` to one URL alone that remembers why it was refused: the library's errors are for people. */
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
