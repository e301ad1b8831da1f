import type { ExpirySource, LeasePurpose, MintConfig } from '../domain/credential.ts';
import type { Instant } from '../domain/instant.ts';
import type { RegistryProvider } from '../domain/providers/table.ts';
import type { RegistryAccess } from '../domain/registry-details.ts';
import type { Secret } from '../domain/secret.ts';
import type { LeaseView, RegistryView } from './ports/read-models.ts';
import type { RequestContext } from './request-context.ts';
import type { ImageResolution } from './resolve-image.ts';
import type { TestedHealth } from './test-registry.ts';

/** In commands `undefined` means left out and `null` means cleared, wherever both are possible. */
export interface CreateRegistryCommand {
  readonly url: string;
  readonly username: string;
  readonly password: Secret;
  readonly mint: MintConfig | null | undefined;
  readonly name: string | null | undefined;
  readonly description: string | null | undefined;
  readonly email: string | null | undefined;
  readonly access: RegistryAccess | null | undefined;
  readonly provider: RegistryProvider | null | undefined;
  readonly caCertificate: string | null | undefined;
  readonly expiresAt: Instant | null | undefined;
  readonly rotateEveryDays: number | null | undefined;
  readonly verify: boolean;
  readonly idempotencyKey: string | null | undefined;
}

export interface UpdateRegistryCommand {
  readonly name: string | null | undefined;
  readonly description: string | null | undefined;
  readonly email: string | null | undefined;
  readonly username: string | null | undefined;
  readonly password: Secret | null | undefined;
  readonly access: RegistryAccess | null | undefined;
  readonly caCertificate: string | null | undefined;
  readonly expiresAt: Instant | null | undefined;
  readonly rotateEveryDays: number | null | undefined;
  readonly expectedRevision: number | null | undefined;
  readonly verify: boolean;
  readonly idempotencyKey: string | null | undefined;
}

export interface RotateCredentialCommand {
  readonly password: Secret;
  readonly username: string | null | undefined;
  readonly mint: MintConfig | null | undefined;
  readonly expiresAt: Instant | null | undefined;
  readonly verify: boolean;
  readonly whenInUse: 'PROCEED' | 'REFUSE';
  readonly expectedRevision: number | null | undefined;
  readonly idempotencyKey: string | null | undefined;
}

export interface DeleteRegistryCommand {
  readonly force: boolean;
  readonly expectedRevision: number | null | undefined;
  readonly idempotencyKey: string | null | undefined;
}

export interface IssueCredentialCommand {
  readonly image: string;
  readonly purpose: LeasePurpose;
  readonly pipeline: string;
  readonly runId: string | null | undefined;
  /** Seconds, 60 to 86400. */
  readonly ttlSeconds: number;
  readonly idempotencyKey: string | null | undefined;
}

export interface IssuedCredential {
  readonly lease: LeaseView;
  readonly serverAddress: string;
  readonly username: string;
  readonly password: Secret;
  readonly expiresAt: Instant | null;
  readonly expirySource: ExpirySource | null;
  readonly dockerConfigJson: Secret;
}

export interface TestCredentialsCommand {
  readonly url: string;
  readonly username: string;
  readonly password: Secret;
  readonly provider: RegistryProvider | null | undefined;
  readonly caCertificate: string | null | undefined;
  readonly repository: string | null | undefined;
}

/** An attempt that was refused before a use case ran. */
export interface RefusedAttempt {
  readonly projectId: string;
  /** Such as `CREATE_REGISTRY` or `READ_AUDIT_LOG`. */
  readonly action: string;
  readonly registryId?: string | undefined;
  readonly leaseId?: string | undefined;
  readonly url?: string | undefined;
  readonly pipeline?: string | undefined;
}

/**
 * Everything the service does, free of transport. Every method expects that the caller's permission was checked, and
 * rejects with `PurserError` for what the caller can be told.
 */
export interface Application {
  createRegistry(context: RequestContext, projectId: string, command: CreateRegistryCommand): Promise<RegistryView>;
  updateRegistry(
    context: RequestContext,
    projectId: string,
    id: string,
    command: UpdateRegistryCommand,
  ): Promise<RegistryView>;
  rotateCredential(
    context: RequestContext,
    projectId: string,
    id: string,
    command: RotateCredentialCommand,
  ): Promise<RegistryView>;
  deleteRegistry(
    context: RequestContext,
    projectId: string,
    id: string,
    command: DeleteRegistryCommand,
  ): Promise<{ readonly deletedId: string; readonly url: string }>;
  issueCredential(
    context: RequestContext,
    projectId: string,
    command: IssueCredentialCommand,
  ): Promise<IssuedCredential>;
  releaseLease(context: RequestContext, projectId: string, leaseId: string): Promise<LeaseView>;

  testRegistry(
    context: RequestContext,
    projectId: string,
    id: string,
    repository: string | null | undefined,
  ): Promise<TestedHealth>;
  testCredentials(context: RequestContext, projectId: string, command: TestCredentialsCommand): Promise<TestedHealth>;

  /** Any spelling of the URL. @throws PurserError BAD_USER_INPUT with field `url` */
  registryByUrl(projectId: string, url: string): Promise<RegistryView | undefined>;
  /** An image reference, or a registry's URL. @throws PurserError BAD_USER_INPUT with field `image` */
  resolveImage(projectId: string, image: string): Promise<ImageResolution>;
  /** Writes the attempt to the project's audit log before it resolves. @throws PurserError UNAVAILABLE */
  recordDenied(context: RequestContext, attempt: RefusedAttempt): Promise<void>;
  /** As `recordDenied`, for an input that was refused at the edge with this code. */
  recordFailed(context: RequestContext, attempt: RefusedAttempt, code: string): Promise<void>;
  /** Counts a call without a valid token; written once a minute for each source. */
  countUnauthenticated(source: string): void;
}
