import { type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { MintingFailed } from '../../application/ports/password-minter.ts';
import { readRsaPrivateKey } from '../../domain/rsa-keys.ts';

/** Signatures are made in Node's pool of four threads, which files, look-ups and ciphers use as well. */
const MAX_AT_ONCE = 2;

/** The claims of RFC 7523; times in seconds since 1970. */
export interface AssertionClaims {
  readonly iss: string;
  readonly iat: number;
  readonly exp: number;
  readonly aud?: string;
  readonly scope?: string;
}

/**
 * Signs a JWT with RS256.
 * @param pem a private key in PKCS #1 or PKCS #8
 * @throws MintingFailed without the error of the library, which may hold parts of the key
 */
export type SignAssertion = (claims: AssertionClaims, pem: string) => Promise<string>;

/** Never on the main thread: a signature with a large key takes as long as some hundred requests. */
export function createAssertionSigner(): SignAssertion {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    if (running < MAX_AT_ONCE) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The next one takes over this one's place.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  return (claims, pem) =>
    inTurn(async () => {
      const read = readRsaPrivateKey(pem);
      if ('fault' in read) throw new MintingFailed('CREDENTIAL_REFUSED');
      return signed(claims, read.key);
    });
}

const signInPool = promisify<string, Buffer, KeyObject, Buffer>(sign);

/** jose would first write the key anew and import it on the main thread, which takes as long as the signature. */
async function signed(claims: AssertionClaims, key: KeyObject): Promise<string> {
  const content = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  const signature = await signInPool('sha256', Buffer.from(content), key);
  return `${content}.${signature.toString('base64url')}`;
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
