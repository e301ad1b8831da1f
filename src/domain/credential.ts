import { type Instant, instantAt } from './instant.ts';
import type { MintKind } from './mint-kinds/table.ts';

export type CredentialKind = 'PASSWORD' | 'TOKEN' | 'SERVICE_ACCOUNT_KEY' | 'MINTED';
export type ExpirySource = 'DECLARED' | 'SECRET' | 'REGISTRY' | 'MINTED';
export type LeasePurpose = 'PULL' | 'PUSH';
/** What is issued: the password, or a token that the registry makes for one repository. */
export type CredentialForm = 'PASSWORD' | 'REGISTRY_TOKEN';

/** How short-lived passwords are made, from the stored cloud credential or without one. */
export interface MintConfig {
  readonly kind: MintKind;
  /** No secret is stored: the service logs in with a token that it signs itself. Left out if one is stored. */
  readonly federated?: boolean;
  /** Amazon ECR: a role to assume first. */
  readonly roleArn: string | null;
  /** Amazon: what the role's trust policy asks for of those who assume it. */
  readonly externalId: string | null;
  /** Azure: the tenant of the service principal. */
  readonly tenantId: string | null;
  /** GitHub: the installation of the app. */
  readonly installationId: string | null;
  /** GitHub Enterprise: the base URL of its API. */
  readonly apiUrl: string | null;
  // What follows is for federated logins, and left out where it is not set.
  /** Azure: the application whose federated credential trusts the service. */
  readonly clientId?: string;
  /** Google: the full name of the provider in the workload identity pool. */
  readonly workloadIdentityProvider?: string;
  /** Google: the service account to act as. */
  readonly serviceAccountEmail?: string;
  /** Quay: the robot. */
  readonly robot?: string;
  /** JFrog: the name of the OIDC integration. */
  readonly providerName?: string;
}

/** The id of a sealed secret, and the digest that proves that its row is the right one. */
export interface SecretRef {
  readonly secretId: string;
  readonly digest: string;
}

/** One version of a registry's credential, without its secret. */
export interface CredentialVersion extends SecretRef {
  readonly version: number;
  readonly kind: CredentialKind;
  readonly expiresAt: Instant | null;
  readonly expirySource: ExpirySource | null;
  /** Advice about the secret's shape, for people. */
  readonly warnings: readonly string[];
  /** Null if the stored password is the registry's own. */
  readonly mint: MintConfig | null;
}

export const CREDENTIAL_STATUSES = ['ACTIVE', 'EXPIRING', 'EXPIRED', 'FAILING', 'NEEDS_CREDENTIAL'] as const;
export type CredentialStatus = (typeof CREDENTIAL_STATUSES)[number];

const DAY_MS = 86_400_000;

export interface CredentialTimes {
  /** False if the sealed secret is gone although the log says that it should be there. */
  readonly present: boolean;
  readonly expiresAt: Instant | null;
  /** Null if it is not known when it expires. */
  readonly expiringFrom: Instant | null;
  /** The registry refused this version when it was last tested. */
  readonly failing: boolean;
}

/** `now` in milliseconds since 1970. */
export function credentialStatus(credential: CredentialTimes, now: number): CredentialStatus {
  if (!credential.present) return 'NEEDS_CREDENTIAL';
  if (credential.expiresAt !== null && Date.parse(credential.expiresAt) <= now) return 'EXPIRED';
  if (credential.failing) return 'FAILING';
  const { expiringFrom } = credential;
  return expiringFrom !== null && Date.parse(expiringFrom) <= now ? 'EXPIRING' : 'ACTIVE';
}

/** Null without an interval, and after the year 9999. */
export function rotationDueAt(credential: { rotatedAt: Instant; rotateEveryDays: number | null }): Instant | null {
  if (credential.rotateEveryDays === null) return null;
  return instantAt(Date.parse(credential.rotatedAt) + credential.rotateEveryDays * DAY_MS) ?? null;
}
