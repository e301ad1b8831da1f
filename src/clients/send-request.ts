import { setTimeout as delay } from 'node:timers/promises';
import { ClientError, UnavailableError } from './client-error.ts';
import { isRecord } from './json.ts';

export interface Request {
  readonly method?: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** What gateways answer for a service that is not there, or takes no requests at the moment. */
export const OUTAGE_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);
/** In bytes. The largest answer contains a service account key; a larger one is not from Purser. */
const MAX_ANSWER_BYTES = 1_048_576;
/** In milliseconds. Enough for a listener that restarts, or a load balancer that drops a connection. */
const RETRY_DELAY_MS = 200;

const CONNECTION_FAILURES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/**
 * Sends one request. After a connection failure it sends the same body once more, so a request that is not safe to repeat
 * needs an idempotency key in it.
 *
 * @param service its name, and `variable` the variable that says where it is: for messages
 * @throws ClientError if no answer comes, UnavailableError if that is an outage; neither quotes the other side
 */
export async function sendRequest(service: string, variable: string, url: URL, request: Request): Promise<Answer> {
  const at = { name: `${service} at ${url.origin}`, variable };
  try {
    return await attempt(at, url, request);
  } catch (error) {
    if (!CONNECTION_FAILURES.has(causeCode(error) ?? '')) throw readable(error, at);
  }
  try {
    await delay(RETRY_DELAY_MS, undefined, { signal: request.signal });
    return await attempt(at, url, request);
  } catch (error) {
    throw readable(error, at);
  }
}

interface Place {
  readonly name: string;
  readonly variable: string;
}

async function attempt({ name, variable }: Place, url: URL, request: Request): Promise<Answer> {
  // A redirect would send the token to a host that is not configured.
  const response = await fetch(url, { ...request, redirect: 'manual' });
  const { status, headers } = response;
  if (status >= 300 && status < 400) {
    throw new ClientError(`${name} answered with a redirect. Set ${variable} to its target`);
  }
  return { status, headers, body: await readBody(response, variable) };
}

async function readBody(response: Response, variable: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new ClientError(`The answer is too large. Check ${variable}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readable(error: unknown, { name }: Place): ClientError {
  if (error instanceof ClientError) return error;
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) {
    return new UnavailableError(`${name} did not answer in time`);
  }
  const code = causeCode(error) ?? 'unknown error';
  const text = `${name} cannot be reached (${code})`;
  // A name that does not exist may be one that does not at the moment.
  if (CONNECTION_FAILURES.has(code) || code === 'ENOTFOUND') return new UnavailableError(text);
  return new ClientError(
    /CERT|SIGNATURE/.test(code)
      ? `${text}. For a private certificate authority set NODE_EXTRA_CA_CERTS to its PEM file`
      : text,
  );
}

/** `fetch` throws a TypeError that says only "fetch failed"; the socket's error is its cause. */
function causeCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return isRecord(cause) && typeof cause.code === 'string' ? cause.code : undefined;
}
