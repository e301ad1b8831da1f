import { type MintedPassword, MintingFailed, type MintRequest } from '../../application/ports/password-minter.ts';
import { jwtExpiry } from '../../domain/secret-shapes.ts';
import { requestJson, textOf } from './json-request.ts';
import { mintedPassword } from './minted-password.ts';
import { type MintingContext, requireOwnToken } from './minting-context.ts';
import { faultOfStatus } from './minting-fault.ts';

/** A robot that trusts this service logs in with its token, and gets a password of an hour. The host is the registry's own. */
export async function mintForQuay({ mint, url }: MintRequest, context: MintingContext): Promise<MintedPassword> {
  const { session, now, endpoints } = context;
  const issuedAt = now();
  const robot = mint.robot ?? '';
  const login = Buffer.from(`${robot}:${requireOwnToken(context)}`).toString('base64');
  const answer = await requestJson(session, {
    url: `${endpoints.quay ?? `https://${url}`}/oauth2/federation/robot/token`,
    method: 'GET',
    headers: { authorization: `Basic ${login}` },
  });
  // Quay says the same of an unknown robot, and of a token that its robot does not trust.
  if (answer.status === 401 || answer.status === 403) throw new MintingFailed('TOKEN_REFUSED');
  if (answer.status !== 200) throw new MintingFailed(faultOfStatus(answer.status));
  const token = textOf(answer.json, 'token');
  const expiresAt = jwtExpiry(token);
  return mintedPassword({
    username: robot,
    token,
    issuedAt,
    expiresAt: expiresAt === null ? undefined : Date.parse(expiresAt),
  });
}
