import { type MintedPassword, MintingFailed, type MintRequest } from '../../application/ports/password-minter.ts';
import { parseInstant } from '../../domain/instant.ts';
import { gitHubApi } from '../../domain/providers/github.ts';
import { type JsonAnswer, requestJson, textOf } from './json-request.ts';
import { mintedPassword } from './minted-password.ts';
import type { MintingContext } from './minting-context.ts';
import { faultOfStatus } from './minting-fault.ts';

const API_VERSION = '2022-11-28';
/** GitHub refuses assertions that were issued in the future, or that last longer than ten minutes. */
const BACKDATED_SECONDS = 60;
const ASSERTION_SECONDS = 9 * 60;
/** Said of an assertion whose times are not those of GitHub's clock. */
const TIME_TEXT = /^'(?:Expiration time|Issued at)' claim \('(?:exp|iat)'\)/;

/**
 * The app signs an assertion with its private key and gets a token for one installation. The token may only read
 * packages, or read and write them.
 */
export async function mintForGitHub(
  { mint, url, source, purpose }: MintRequest,
  { session, now, endpoints, signAssertion }: MintingContext,
): Promise<MintedPassword> {
  const issuedAt = now();
  const at = Math.floor(issuedAt / 1000);
  const claims = { iss: source.username, iat: at - BACKDATED_SECONDS, exp: at + ASSERTION_SECONDS };
  const assertion = await signAssertion(claims, source.password.reveal());
  const installation = encodeURIComponent(mint.installationId ?? '');
  const answer = await requestJson(session, {
    url: `${endpoints.github ?? mint.apiUrl ?? gitHubApi(url)}/app/installations/${installation}/access_tokens`,
    method: 'POST',
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${assertion}`,
      'content-type': 'application/json',
      'x-github-api-version': API_VERSION,
    },
    body: JSON.stringify({ permissions: { packages: purpose === 'PUSH' ? 'write' : 'read' } }),
  });
  if (answer.status !== 201) throw new MintingFailed(faultOf(answer));
  const expiresAt = parseInstant(textOf(answer.json, 'expires_at'));
  return mintedPassword({
    username: 'x-access-token',
    token: answer.json?.token,
    issuedAt,
    expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
  });
}

/** GitHub answers 403 for a suspended installation and for too many requests, and 422 for permissions that it never granted. */
function faultOf({ status, headers, json }: JsonAnswer) {
  if (status === 401 && typeof json?.message === 'string' && TIME_TEXT.test(json.message)) return 'CLOCK_SKEWED';
  if (status === 422) return 'NOT_PERMITTED';
  const isLimited = headers.has('retry-after') || headers.get('x-ratelimit-remaining')?.includes('0');
  return status === 403 && isLimited ? 'THROTTLED' : faultOfStatus(status);
}
