import { createPrivateKey, type KeyObject } from 'node:crypto';
import { MintingFailed } from '../../application/ports/password-minter.ts';

/** A private key in PKCS #1 or PKCS #8. @throws MintingFailed; the error of node:crypto stays here */
export function rsaPrivateKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // Told in the same way as a key of another kind.
  }
  throw new MintingFailed('CREDENTIAL_REFUSED');
}
