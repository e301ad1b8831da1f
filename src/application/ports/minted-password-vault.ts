import type { LeasePurpose } from '../../domain/credential.ts';
import type { MintedPassword } from './password-minter.ts';
import type { SecretBinding } from './vault.ts';

/** Which minted password is meant: at most one is kept for each. */
export interface MintedPasswordKey {
  /** Of the cloud credential that it was minted from: of its registry, credential version and host. */
  readonly binding: SecretBinding;
  readonly sourceSecretId: string;
  readonly purpose: LeasePurpose;
}

/** Minted passwords between two asks: sealed as every other password, and destroyed with the credential behind them. */
export interface MintedPasswordVault {
  /**
   * The one that was kept last, whether or not its time has passed. Undefined where there is none.
   * @throws SecretIntegrityError where it was altered, or its key is no longer in the key ring
   */
  find(key: MintedPasswordKey): Promise<MintedPassword | undefined>;
  /**
   * Keeps it in place of the one before, unless that one lasts longer. False, and nothing is kept, where the cloud
   * credential has been destroyed meanwhile.
   */
  keep(key: MintedPasswordKey, password: MintedPassword): Promise<boolean>;
  /** Removes those whose time has passed; gives how many. */
  removeExpired(): Promise<number>;
  close(): Promise<void>;
}
