import type { LeasePurpose } from '../../domain/credential.ts';
import type { MintedPassword } from './password-minter.ts';
import type { SecretBinding } from './vault.ts';

/** Identifies a minted password. At most one is kept for each key. */
export interface MintedPasswordKey {
  /** The binding of the cloud credential: its registry, credential version and host. */
  readonly binding: SecretBinding;
  readonly sourceSecretId: string;
  readonly purpose: LeasePurpose;
}

/** Keeps minted passwords between requests. They are sealed, and destroyed with the credential behind them. */
export interface MintedPasswordVault {
  /**
   * The password that was kept last, expired or not. Undefined if there is none.
   * @throws SecretIntegrityError if it was altered, or its key is no longer in the key ring
   */
  find(key: MintedPasswordKey): Promise<MintedPassword | undefined>;
  /**
   * Keeps the password in place of the one before, unless that one lasts longer. Returns false and keeps nothing if the
   * cloud credential was destroyed meanwhile.
   */
  keep(key: MintedPasswordKey, password: MintedPassword): Promise<boolean>;
  /** Removes expired passwords and returns how many. */
  removeExpired(): Promise<number>;
  close(): Promise<void>;
}
