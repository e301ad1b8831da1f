import {
  type MintedPassword,
  MintingFailed,
  type MintingFault,
  type MintRequest,
} from '../../application/ports/password-minter.ts';
import { REFRESH_TOKEN_USERNAME } from '../../domain/providers/azure.ts';
import { providerOf } from '../../domain/providers.ts';
import { jwtExpiry } from '../../domain/secret-shapes.ts';
import { type JsonAnswer, postForm, textOf } from './json-request.ts';
import { mintedPassword } from './minted-password.ts';
import { type MintingContext, requireOwnToken } from './minting-context.ts';
import { faultOfStatus } from './minting-fault.ts';

/** The login servers of Azure's clouds. */
const ENTRA: Readonly<Record<string, string>> = {
  'azurecr.io': 'https://login.microsoftonline.com',
  'azurecr.us': 'https://login.microsoftonline.us',
  'azurecr.cn': 'https://login.chinacloudapi.cn',
};
/** Only registries accept tokens of this audience, and registries that refuse the resource manager's tokens accept only these. */
const SCOPE = 'https://containerregistry.azure.net/.default';

/** RFC 7523. */
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** AADSTS codes for wrong or expired secrets, and for missing or disabled service principals. */
const REFUSED_CODES: ReadonlySet<unknown> = new Set([7000215, 7000222, 7000112, 700016, 7000229, 50034]);
/** An assertion is not within its time. */
const CLOCK_CODES: ReadonlySet<unknown> = new Set([700024, 500133]);
const UNKNOWN_TENANT_CODES: ReadonlySet<unknown> = new Set([90002, 900023, 900021]);

/**
 * The service principal logs in to its tenant, by its secret or by the service's own token, and the registry exchanges that token for its own refresh token, as `az
 * acr login` does for docker. Registry clients then get access tokens themselves, one for each repository and action, so
 * an access token would not be enough. The refresh token lasts three hours.
 */
export async function mintForAzure(
  { mint, url, source }: MintRequest,
  context: MintingContext,
): Promise<MintedPassword> {
  const { session, now, endpoints } = context;
  // Only Azure's own hosts: every other registry of the tenant would accept the token that is sent there.
  const entra = providerOf(url) === 'AZURE' ? ENTRA[url.split('.').slice(-2).join('.')] : undefined;
  if (entra === undefined) throw new MintingFailed('NOT_FOUND');
  const issuedAt = now();
  const tenant = mint.tenantId ?? '';

  const login = await postForm(session, `${endpoints.entra ?? entra}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, {
    grant_type: 'client_credentials',
    ...(mint.federated
      ? { client_id: mint.clientId ?? '', client_assertion_type: ASSERTION, client_assertion: requireOwnToken(context) }
      : { client_id: source.username, client_secret: source.password.reveal() }),
    scope: SCOPE,
  });
  if (login.status !== 200) throw new MintingFailed(mint.federated ? federatedFault(login) : loginFault(login));

  const exchange = await postForm(session, `${endpoints.azureRegistry ?? `https://${url}`}/oauth2/exchange`, {
    grant_type: 'access_token',
    service: url,
    tenant,
    access_token: textOf(login.json, 'access_token'),
  });
  // The registry answers the same to a token that it does not accept and to an identity without a role.
  if (exchange.status === 401) throw new MintingFailed('NOT_PERMITTED');
  if (exchange.status !== 200) throw new MintingFailed(faultOfStatus(exchange.status));
  const token = textOf(exchange.json, 'refresh_token');
  const expiresAt = jwtExpiry(token);
  return mintedPassword({
    username: REFRESH_TOKEN_USERNAME,
    token,
    issuedAt,
    expiresAt: expiresAt === null ? undefined : Date.parse(expiresAt),
  });
}

/** No secret can be at fault: what is not trusted is issuer, subject or audience, or the application is another one. */
function federatedFault(answer: JsonAnswer): MintingFault {
  const fault = loginFault(answer);
  return fault === 'CREDENTIAL_REFUSED' ? 'TOKEN_REFUSED' : fault;
}

function loginFault({ status, json }: JsonAnswer): MintingFault {
  const codes: readonly unknown[] = Array.isArray(json?.error_codes) ? json.error_codes : [];
  if (codes.some((code) => CLOCK_CODES.has(code))) return 'CLOCK_SKEWED';
  if (codes.some((code) => UNKNOWN_TENANT_CODES.has(code))) return 'NOT_FOUND';
  if (codes.some((code) => REFUSED_CODES.has(code))) return 'CREDENTIAL_REFUSED';
  switch (json?.error) {
    case 'invalid_client':
    case 'invalid_grant':
      return 'CREDENTIAL_REFUSED';
    case 'unauthorized_client':
    case 'access_denied':
    case 'interaction_required':
    case 'invalid_resource':
      return 'NOT_PERMITTED';
    case 'temporarily_unavailable':
      return 'UNREACHABLE';
    default:
      return faultOfStatus(status);
  }
}
