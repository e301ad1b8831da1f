import {
  EgressFailed,
  type EgressFetch,
  type EgressRequest,
  type EgressResponse,
  type EgressSession,
} from '../../application/ports/egress.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
/** For which the standard allows no body, not even an empty one. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** A `fetch` on top of a session's requests. */
export function createFetch(request: EgressSession['request']): EgressFetch {
  return async (input, init) => {
    const asked = new Request(input, init);
    const body = asked.body === null ? {} : { body: new Uint8Array(await asked.arrayBuffer()) };
    const answer = await request({
      // As it was written, where it was: the parsed one would hide an address in another notation.
      url: typeof input === 'string' ? input : asked.url,
      method: methodOf(asked),
      headers: Object.fromEntries(asked.headers),
      signal: asked.signal,
      ...body,
    });
    return responseOf(answer);
  };
}

function methodOf({ method }: Request): NonNullable<EgressRequest['method']> {
  const known = METHODS.find((name) => name === method);
  if (known === undefined) throw new EgressFailed({ kind: 'INVALID_REQUEST' });
  return known;
}

function responseOf({ status, headers, body }: EgressResponse): Response {
  try {
    const pairs = [...headers].flatMap(([name, values]) => values.map((value): [string, string] => [name, value]));
    return new Response(WITHOUT_BODY.has(status) ? null : new Uint8Array(body), { status, headers: pairs });
  } catch {
    // A status above 599, for instance, which the standard does not know.
    throw new EgressFailed({ kind: 'MALFORMED_ANSWER' });
  }
}
