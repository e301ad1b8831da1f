import { type MintedPassword, MintingFailed, type MintRequest } from '../../application/ports/password-minter.ts';
import { jwtSubject } from '../../domain/secret-shapes.ts';
import { requestJson, textOf } from './json-request.ts';
import { endOfLife, mintedPassword } from './minted-password.ts';
import { type MintingContext, requireOwnToken } from './minting-context.ts';
import { faultOfStatus } from './minting-fault.ts';

/** The OIDC integration exchanges this service's token for an access token. The host is the registry's own. */
export async function mintForArtifactory({ mint, url }: MintRequest, context: MintingContext): Promise<MintedPassword> {
  const { session, now, endpoints } = context;
  const issuedAt = now();
  const answer = await requestJson(session, {
    url: `${endpoints.artifactory ?? `https://${url}`}/access/api/v1/oidc/token`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      subject_token: requireOwnToken(context),
      provider_name: mint.providerName,
    }),
  });
  // An integration that does not exist, one without a mapping for this subject, and one that does not trust the token.
  if ([400, 401, 403].includes(answer.status)) throw new MintingFailed('TOKEN_REFUSED');
  if (answer.status !== 200) throw new MintingFailed(faultOfStatus(answer.status));
  const token = textOf(answer.json, 'access_token');
  return mintedPassword({
    username: usernameOf(answer.json?.username, token),
    token,
    issuedAt,
    expiresAt: endOfLife(issuedAt, answer.json?.expires_in),
  });
}

const MAX_USERNAME = 255;

/** As the answer says; older ones have it only in the token: `jfac@<id>/users/<name>`. */
function usernameOf(answered: unknown, token: string): string {
  const name = typeof answered === 'string' ? answered : /\/users\/(.+)$/.exec(jwtSubject(token) ?? '')?.[1];
  if (name === undefined || name === '' || name.length > MAX_USERNAME || /[:\p{Cc}]/u.test(name)) {
    throw new MintingFailed('UNEXPECTED_ANSWER');
  }
  return name;
}
