import type { LeasePurpose } from '../../domain/credential.ts';
import type { Instant } from '../../domain/instant.ts';
import type { MintedPassword } from './password-minter.ts';
import type { SealedSecret } from './sealed-secret-store.ts';
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

/** One minted password as it is stored. Its record's own id is made of the other fields and stands nowhere. */
export interface SealedMintedPassword {
  readonly sourceSecretId: string;
  readonly purpose: LeasePurpose;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  readonly record: Omit<SealedSecret, 'secretId'>;
}

/** Where sealed minted passwords lie. All methods throw PurserError UNAVAILABLE while the database cannot be reached. */
export interface MintedPasswordStore {
  find(sourceSecretId: string, purpose: LeasePurpose): Promise<SealedMintedPassword | undefined>;
  /** See `MintedPasswordVault.keep`. Durable before it resolves. */
  replace(password: SealedMintedPassword): Promise<boolean>;
  removeExpired(): Promise<number>;
  close(): Promise<void>;
}
