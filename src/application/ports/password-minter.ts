import type { LeasePurpose, MintConfig } from '../../domain/credential.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Secret } from '../../domain/secret.ts';
import type { WorkloadOwner } from '../../domain/workload-token.ts';
import type { LoginCredential } from './vault.ts';

/** The kind of a cloud's refusal. Its text is never kept. */
export const MINTING_FAULTS = [
  /** The cloud credential is wrong, expired, deleted or disabled. */
  'CREDENTIAL_REFUSED',
  /** The credential is valid, but may not assume the role, read the registry or have these permissions. */
  'NOT_PERMITTED',
  /** The tenant, the installation or the registry does not exist. */
  'NOT_FOUND',
  /** This service has no issuer, so it makes no tokens for clouds. */
  'NO_ISSUER',
  /** The cloud does not trust this service's own token: its issuer, audience or subject is not set up there. */
  'TOKEN_REFUSED',
  /** The cloud could not read this service's keys. */
  'ISSUER_UNREACHABLE',
  /** The cloud refuses what this service signs because their clocks differ. Nothing is known of the credential. */
  'CLOCK_SKEWED',
  'THROTTLED',
  /** No connection, no answer in time, or an answer that says that the cloud has an error. */
  'UNREACHABLE',
  /** The operator's proxy. */
  'PROXY_UNREACHABLE',
  'PROXY_REFUSED',
  /** The operator's settings forbid the cloud's address. */
  'TARGET_NOT_ALLOWED',
  'UNEXPECTED_ANSWER',
] as const;
export type MintingFault = (typeof MINTING_FAULTS)[number];

const OF_THE_OPERATOR: readonly MintingFault[] = ['PROXY_UNREACHABLE', 'PROXY_REFUSED', 'NO_ISSUER'];
/** Without those of the operator's settings, which are the same whatever the cloud: metrics count them together. */
export const CLOUD_FAULTS = MINTING_FAULTS.filter((fault) => !OF_THE_OPERATOR.includes(fault));

/** Holds the kind of refusal, and nothing that the cloud sent but its time. */
export class MintingFailed extends Error {
  override readonly name = 'MintingFailed';

  /** @param clockAheadSeconds by how much this service's clock is ahead of the cloud's, if that is known */
  constructor(
    readonly fault: MintingFault,
    readonly clockAheadSeconds?: number,
  ) {
    super(`no password was minted: ${fault}`);
  }
}

export interface MintRequest {
  readonly mint: MintConfig;
  /** Canonical `host[:port]` of the registry. */
  readonly url: string;
  /** Whom a federated login is for: the subject of the service's own token. */
  readonly owner: WorkloadOwner;
  /** The long-lived cloud credential, which goes only to the cloud. Of a federated login nothing. */
  readonly source: LoginCredential;
  /** The password allows no more than this, if the cloud can narrow it. */
  readonly purpose: LeasePurpose;
}

export interface MintedPassword {
  /** The user name with which clients log in to the registry. */
  readonly username: string;
  readonly password: Secret;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
}

/** Makes short-lived registry passwords, from long-lived cloud credentials or with the service's own token. */
export interface PasswordMinter {
  /** @throws MintingFailed, and PurserError UNAVAILABLE while the key of that token cannot be read */
  mint(request: MintRequest): Promise<MintedPassword>;
}
