import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { IssuerConfig } from '../../../src/adapters/auth/issuers.ts';
import { parseIssuers } from '../../../src/adapters/auth/issuers.ts';
import { createKeySets } from '../../../src/adapters/auth/jwks.ts';
import { createAuthenticator } from '../../../src/adapters/auth/token-verifier.ts';
import type { Authenticator } from '../../../src/application/ports/authenticator.ts';
import { fetchNothing } from '../../support/fetch-nothing.ts';

/** The verifier's clock in these tests, in seconds since 1970. */
export const NOW = 1_800_000_000;
export const clock = () => NOW * 1000;

export const ISSUER = 'https://id.example';
export const OTHER_ISSUER = 'https://other.example';
/** Publishes keys of several families and allows ES256 only. */
export const STRICT_ISSUER = 'https://strict.example';

const rsa = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength });
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });

export const keys = {
  rs256: rsa(),
  rs384: rsa(),
  rs512: rsa(),
  ps256: rsa(),
  ps384: rsa(),
  ps512: rsa(),
  es256: ec('P-256'),
  es384: ec('P-384'),
  es512: ec('P-521'),
  eddsa: generateKeyPairSync('ed25519'),
  weak: rsa(1024),
  encryption: ec('P-256'),
  signOnly: ec('P-256'),
  twinA: ec('P-384'),
  twinB: ec('P-384'),
  other: generateKeyPairSync('ed25519'),
  attackerRsa: rsa(),
  attackerEc: ec('P-256'),
  attackerEd: generateKeyPairSync('ed25519'),
} as const;
export type KeyName = keyof typeof keys;

export const jwk = (name: KeyName, members: Record<string, unknown> = {}) => ({
  ...keys[name].publicKey.export({ format: 'jwk' }),
  kid: name,
  use: 'sig',
  ...members,
});

const algorithmOf: Partial<Record<KeyName, string>> = {
  rs256: 'RS256',
  rs384: 'RS384',
  rs512: 'RS512',
  ps256: 'PS256',
  ps384: 'PS384',
  ps512: 'PS512',
  es256: 'ES256',
  es384: 'ES384',
  es512: 'ES512',
  eddsa: 'EdDSA',
};

/** What a service would be configured with; it went through the parser of `JWT_ISSUERS`. */
export const issuers: readonly IssuerConfig[] = parseIssuers(
  JSON.stringify([
    {
      issuer: ISSUER,
      audience: 'purser',
      jwks: {
        keys: [
          ...Object.entries(algorithmOf).map(([name, alg]) => jwk(name as KeyName, { alg })),
          jwk('weak', { alg: 'RS256' }),
          jwk('encryption', { use: 'enc', alg: 'ES256' }),
          jwk('signOnly', { key_ops: ['sign'], alg: 'ES256' }),
          jwk('twinA', { kid: 'twin' }),
          jwk('twinB', { kid: 'twin' }),
        ],
      },
    },
    { issuer: OTHER_ISSUER, audience: ['purser', 'https://purser.example'], jwks: { keys: [jwk('other')] } },
    {
      issuer: STRICT_ISSUER,
      audience: 'purser',
      algorithms: ['ES256'],
      jwks: { keys: [jwk('es256'), jwk('rs256'), jwk('eddsa')] },
    },
  ]),
);

export function authenticator(): Authenticator {
  const keySets = createKeySets(issuers, { clock, fetchJson: fetchNothing });
  return createAuthenticator({ issuers, keySets, clock, cacheSize: 100 });
}

export interface Token {
  readonly key?: KeyName;
  /** How to sign; by default what the header says. */
  readonly signAs?: string;
  /** Added to or replacing what an honest token has; undefined leaves one out. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The whole text, for what `JSON.stringify` would not write. */
  readonly headerText?: string | Buffer;
  readonly payloadText?: string | Buffer;
}

/** An honest token of the first issuer, except for what the argument changes. Signed with node:crypto alone. */
export function forge(token: Token = {}): string {
  const { key = 'es256', header, claims, headerText, payloadText, signAs } = token;
  const alg = algorithmOf[key] ?? 'ES256';
  const parameters = { alg, typ: 'JWT', kid: key, ...header };
  const signed = [
    headerText ?? JSON.stringify(parameters),
    payloadText ?? JSON.stringify({ ...honestClaims(), ...claims }),
  ].map(encode);
  return [...signed, encode(signature(signed.join('.'), signAs ?? alg, keys[key].privateKey))].join('.');
}

export function honestClaims() {
  return {
    iss: ISSUER,
    aud: 'purser',
    sub: 'alice',
    iat: NOW - 10,
    exp: NOW + 600,
    projects: { demo: ['iam:project:cicd:registry:read'] },
  };
}

/** The honest payload with this text in front of its first claim. */
export function payloadWith(text: string): string {
  return `{${text},${JSON.stringify(honestClaims()).slice(1)}`;
}

/** With an HMAC over what is, to the service, a public key. */
export function forgeHmac(alg: 'HS256' | 'HS384' | 'HS512', secret: string | Buffer, kid: string): string {
  const signed = [{ alg, typ: 'JWT', kid }, honestClaims()].map((part) => encode(JSON.stringify(part))).join('.');
  return `${signed}.${createHmac(`sha${alg.slice(2)}`, secret)
    .update(signed)
    .digest('base64url')}`;
}

export function encode(part: string | Buffer): string {
  return Buffer.from(part).toString('base64url');
}

function signature(data: string, alg: string, key: KeyObject): Buffer {
  const hash = `sha${alg.slice(2)}`;
  const bytes = Buffer.from(data);
  switch (alg.slice(0, 2)) {
    case 'RS':
      return sign(hash, bytes, key);
    case 'PS':
      return sign(hash, bytes, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
    case 'ES':
      return sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' });
    case 'Ed':
      return sign(null, bytes, key);
    default:
      throw new Error(`no way to sign ${alg}`);
  }
}

/** Replaces one of the three parts. */
export function withPart(token: string, index: 0 | 1 | 2, change: (part: string) => string): string {
  return token
    .split('.')
    .map((part, at) => (at === index ? change(part) : part))
    .join('.');
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Another spelling of the same bytes: the last character's spare bits are set. */
export function alterSpareBits(part: string): string {
  if (part.length % 4 === 0) throw new Error('this part has no spare bits');
  return part.slice(0, -1) + ALPHABET.charAt(ALPHABET.indexOf(part.slice(-1)) + 1);
}

/** An honest token of exactly this length. Base64url has no text of some lengths, so two parts share the filling. */
export function padded(length: number): string {
  for (const x of ['', 'x', 'xx']) {
    const filling = (length - forge({ header: { x }, claims: { x: '' } }).length) * 0.75;
    for (let count = Math.floor(filling) - 2; count <= filling + 2; count++) {
      const token = forge({ header: { x }, claims: { x: 'x'.repeat(count) } });
      if (token.length === length) return token;
    }
  }
  throw new Error(`no token has ${length} characters`);
}
