import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';

/** What a provider was told to trust. */
export interface TrustedWorkload {
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
}

export type WorkloadRefusal = 'malformed' | 'issuer' | 'keys' | 'signature' | 'audience' | 'subject' | 'time';

export interface WorkloadVerifier {
  /** Undefined if the token is taken, else why it is not. */
  refusal(token: string, trusted: TrustedWorkload): Promise<WorkloadRefusal | undefined>;
  /** How often the keys were fetched. */
  readonly fetches: () => number;
  /** From now on no key is fetched, as by a provider with a cache. */
  freeze(): void;
}

interface Jwk extends JsonWebKey {
  readonly kid: string;
}

/**
 * Verifies tokens as a cloud does: it reads the discovery document of the issuer over HTTP, and the keys that it names; it keeps
 * the keys, and reads them anew for a key that it does not know. With node:crypto, so that it shares no code with the signer.
 */
export function createWorkloadVerifier({ now = Date.now }: { readonly now?: () => number } = {}): WorkloadVerifier {
  let keys: readonly Jwk[] = [];
  let fetches = 0;
  let frozen = false;

  async function keyOf(issuer: string, kid: unknown): Promise<Jwk | undefined> {
    const known = keys.find((key) => key.kid === kid);
    if (known !== undefined || frozen) return known;
    fetches += 1;
    const discovery = await read<{ issuer: string; jwks_uri: string }>(`${issuer}/.well-known/openid-configuration`);
    if (discovery.issuer !== issuer) return undefined;
    ({ keys } = await read<{ keys: readonly Jwk[] }>(discovery.jwks_uri));
    return keys.find((key) => key.kid === kid);
  }

  return {
    fetches: () => fetches,
    freeze() {
      frozen = true;
    },
    async refusal(token, { issuer, audience, subject }) {
      const [head = '', body = '', signature = '', ...rest] = token.split('.');
      const header = objectOf(head);
      const claims = objectOf(body);
      if (rest.length > 0 || header?.alg !== 'RS256' || header.typ !== 'JWT' || claims === undefined)
        return 'malformed';
      if (claims.iss !== issuer) return 'issuer';
      const key = await keyOf(issuer, header.kid);
      if (key === undefined || key.alg !== 'RS256' || key.use !== 'sig' || key.d !== undefined) return 'keys';
      const signed = Buffer.from(`${head}.${body}`);
      const publicKey = createPublicKey({ key, format: 'jwk' });
      if (!verify('sha256', signed, publicKey, Buffer.from(signature, 'base64url'))) return 'signature';
      const seconds = now() / 1000;
      const { iat, exp, jti } = claims;
      const isTimed = typeof iat === 'number' && typeof exp === 'number' && typeof jti === 'string';
      if (!isTimed || iat > seconds + 5 || exp <= seconds || exp - iat > 600) return 'time';
      if (claims.aud !== audience) return 'audience';
      if (claims.sub !== subject) return 'subject';
      return undefined;
    },
  };
}

async function read<Answer>(url: string): Promise<Answer> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return (await answer.json()) as Answer;
}

function objectOf(segment: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
