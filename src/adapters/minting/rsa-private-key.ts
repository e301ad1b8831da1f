import { createPrivateKey, type KeyObject } from 'node:crypto';
import { MintingFailed } from '../../application/ports/password-minter.ts';

/** Reads a private key in PKCS #1 or PKCS #8. @throws MintingFailed without the error of node:crypto */
export function rsaPrivateKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // The same fault as for a key of another kind.
  }
  throw new MintingFailed('CREDENTIAL_REFUSED');
}
