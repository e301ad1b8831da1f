import type { Instant, MintConfig } from '../../domain/events.ts';
import type { Secret } from '../../domain/secret.ts';
import type { LoginCredential } from './vault.ts';

/** What a cloud said no with. Its text is never kept. */
export type MintingFault =
  | 'CREDENTIAL_REFUSED'
  | 'NOT_PERMITTED'
  | 'NOT_FOUND'
  | 'THROTTLED'
  | 'UNREACHABLE'
  | 'UNEXPECTED_ANSWER';

export class MintingFailed extends Error {
  override readonly name = 'MintingFailed';

  constructor(readonly fault: MintingFault) {
    super(`no password was minted: ${fault}`);
  }
}

export interface MintRequest {
  readonly mint: MintConfig;
  /** Canonical `host[:port]` of the registry. */
  readonly url: string;
  /** The long-lived cloud credential. It goes to the cloud alone. */
  readonly source: LoginCredential;
}

export interface MintedPassword {
  /** What clients log in to the registry with. */
  readonly username: string;
  readonly password: Secret;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
}

export interface PasswordMinter {
  /** @throws MintingFailed */
  mint(request: MintRequest): Promise<MintedPassword>;
}
