import { readFileSync } from 'node:fs';
import { ClientError, UnavailableError } from './client-error.ts';
import { isRecord, parseJson } from './json.ts';
import { OUTAGE_STATUSES, sendRequest } from './send-request.ts';
import { tokenDestination } from './token-destination.ts';
import { type Environment, optional, required } from './variables.ts';

/** Milliseconds. */
const PATIENCE_MS = 10_000;
const VARIABLES = ['PURSER_TOKEN', 'PURSER_ID_TOKEN', 'PURSER_TOKEN_FILE'] as const;

/**
 * The token that says who asks: what a variable of Purser's holds, or the file that one names. Without them it is the
 * identity of a job of GitHub Actions, for `PURSER_AUDIENCE`. What was set on purpose comes first, because GitHub gives its
 * variables to each job that may have an identity, for whatever service.
 *
 * @param host of Purser, without its port: the audience, if no other is set
 * @throws ClientError, UnavailableError
 */
export async function callerToken(environment: Environment, host: string): Promise<string> {
  const [name, ...others] = VARIABLES.filter((variable) => optional(environment, variable) !== undefined);
  if (others.length > 0) throw new ClientError(`Set only one of ${VARIABLES.join(', ')}`);
  if (name === undefined) return bearerToken('The identity token of GitHub', await identityOfGithub(environment, host));
  const value = required(environment, name);
  return bearerToken(name, name === 'PURSER_TOKEN_FILE' ? readTokenFile(value) : value);
}

/** https://docs.github.com/en/actions/reference/security/oidc: the variables are those of a job with `id-token: write`. */
async function identityOfGithub(environment: Environment, host: string): Promise<string> {
  const name = 'ACTIONS_ID_TOKEN_REQUEST_URL';
  const given = optional(environment, name);
  if (given === undefined) {
    throw new ClientError(
      `${VARIABLES.join(', ')}: none is set. A job of GitHub can have permissions: id-token: write instead`,
    );
  }
  const url = tokenDestination(name, given, { query: true });
  url.searchParams.set('audience', optional(environment, 'PURSER_AUDIENCE') ?? host);
  const requestToken = bearerToken(
    'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
    required(environment, 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'),
  );
  const { status, body } = await sendRequest('GitHub', name, url, {
    headers: { accept: 'application/json', authorization: `Bearer ${requestToken}` },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (OUTAGE_STATUSES.has(status)) throw new UnavailableError(`GitHub did not answer (HTTP ${status})`);
  const answer = parseJson(body);
  const token = isRecord(answer) ? answer.value : undefined;
  if (status !== 200 || typeof token !== 'string') {
    throw new ClientError(`GitHub gave no identity token (HTTP ${status})`);
  }
  return token;
}

/** Read at each use, because the file is replaced when the token is renewed. */
function readTokenFile(path: string): string {
  let content: string;
  try {
    content = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new ClientError(`The file that PURSER_TOKEN_FILE names cannot be read (${codeOf(error)})`);
  }
  if (content === '') throw new ClientError('The file that PURSER_TOKEN_FILE names is empty');
  return content;
}

/** Checked here, because an HTTP client would quote an invalid header value in its error. */
function bearerToken(source: string, value: string): string {
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new ClientError(`${source} must contain only the token, without "Bearer", blanks or line breaks`);
  }
  return value;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
