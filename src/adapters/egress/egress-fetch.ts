import type {
  EgressFailed,
  EgressFault,
  EgressFetch,
  EgressResponse,
  EgressSession,
} from '../../application/ports/egress.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
/** Statuses for which the standard allows no body, not even an empty one. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A `fetch` that uses a session's requests.
 * @param failed turns a fault into the session's error
 */
export function createFetch(
  request: EgressSession['request'],
  failed: (fault: EgressFault) => EgressFailed,
): EgressFetch {
  return async (input, init) => {
    const asked = readRequest(input, init);
    const method = METHODS.find((name) => name === asked?.method);
    if (asked === undefined || method === undefined) throw failed({ kind: 'INVALID_REQUEST' });
    const body = asked.body === null ? {} : { body: new Uint8Array(await asked.arrayBuffer()) };
    const answer = await request({
      // The text as written, if there is one: the parsed URL would hide an address in another notation.
      url: typeof input === 'string' ? input : asked.url,
      method,
      headers: Object.fromEntries(asked.headers),
      signal: asked.signal,
      ...body,
    });
    const response = responseOf(answer);
    if (response === undefined) throw failed({ kind: 'MALFORMED_ANSWER' });
    return response;
  };
}

/** Undefined if it is not valid: the standard's error repeats the URL, which may contain a password. */
function readRequest(...input: Parameters<EgressFetch>): Request | undefined {
  try {
    return new Request(...input);
  } catch {
    return undefined;
  }
}

/** Undefined if the standard does not allow such an answer, with a status above 599 for instance. */
function responseOf({ status, headers, body }: EgressResponse): Response | undefined {
  const pairs = [...headers].flatMap(([name, values]) => values.map((value): [string, string] => [name, value]));
  try {
    return new Response(WITHOUT_BODY.has(status) ? null : new Uint8Array(body), { status, headers: pairs });
  } catch {
    return undefined;
  }
}
