import { type JWTPayload, SignJWT } from 'jose';
import { MintingFailed } from '../../application/ports/password-minter.ts';
import { readRsaPrivateKey } from '../../domain/rsa-keys.ts';

/** Signatures are made in Node's pool of four threads, which files, look-ups and ciphers use as well. */
const MAX_AT_ONCE = 2;

/**
 * Signs a JWT with RS256.
 * @param pem a private key in PKCS #1 or PKCS #8
 * @throws MintingFailed without the error of the library, which may hold parts of the key
 */
export type SignAssertion = (claims: JWTPayload, pem: string) => Promise<string>;

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
      return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT' }).sign(read.key);
    });
}
