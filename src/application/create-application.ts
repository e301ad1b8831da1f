import { parseUuid, registryId as registryIdOf } from '../domain/identity.ts';
import { registryUrlOfImage } from '../domain/image-reference.ts';
import { parseRegistryUrl } from '../domain/registry-url.ts';
import { type AggregateStore, createAggregateStore } from './aggregate-store.ts';
import type { Application, RefusedAttempt } from './application.ts';
import { createRegistryUseCase } from './create-registry.ts';
import { type CredentialTests, createCredentialTests } from './credential-tests.ts';
import { deleteRegistryUseCase } from './delete-registry.ts';
import { createEffectiveCredentials, createStoredCredentialOf, withReportedFaults } from './effective-credential.ts';
import { issueCredentialUseCase } from './issue-credential.ts';
import { createKeyedMutex } from './keyed-mutex.ts';
import { createMintedPasswords } from './minted-passwords.ts';
import type { EventLog } from './ports/event-log.ts';
import type { MintedPasswordVault } from './ports/minted-password-store.ts';
import type { PasswordMinter } from './ports/password-minter.ts';
import type { RateLimiter } from './ports/rate-limiter.ts';
import type { LeaseQueries, ProjectionProgress, RegistryQueries } from './ports/read-models.ts';
import type { RegistryProbe } from './ports/registry-probe.ts';
import type { Vault } from './ports/vault.ts';
import { createRefusedAttempts, type RefusedAttempts } from './refused-attempts.ts';
import { registryByUrlUseCase } from './registry-by-url.ts';
import { createRegistryCommandHandler } from './registry-command-handler.ts';
import { releaseLeaseUseCase } from './release-lease.ts';
import { resolveImageUseCase } from './resolve-image.ts';
import { rotateCredentialUseCase } from './rotate-credential.ts';
import { createStoredCredentialTest, type TestStoredCredential } from './stored-credential-test.ts';
import { testCredentialsUseCase, testRegistryUseCase } from './test-registry.ts';
import { updateRegistryUseCase } from './update-registry.ts';
import { createVerification } from './verification.ts';

export interface ApplicationDeps {
  readonly log: EventLog;
  readonly vault: Vault;
  readonly progress: ProjectionProgress;
  readonly registries: RegistryQueries;
  readonly leases: LeaseQueries;
  readonly probe: RegistryProbe;
  readonly minter: PasswordMinter;
  readonly mintedPasswords: Pick<MintedPasswordVault, 'find' | 'keep'>;
  readonly limiter: RateLimiter;
  readonly plainHttpHosts: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
}

export interface RunningApplication {
  readonly application: Application;
  readonly attempts: RefusedAttempts;
  readonly aggregates: AggregateStore;
  readonly tests: CredentialTests;
  readonly testStored: TestStoredCredential;
}

export function createApplication(deps: ApplicationDeps): RunningApplication {
  const { log, progress, registries, leases, plainHttpHosts, now, onFault } = deps;
  const { probe, minter, mintedPasswords, limiter } = deps;
  const vault = withReportedFaults(deps.vault, onFault);
  const aggregates = createAggregateStore(log);
  const attempts = createRefusedAttempts(deps);
  const storedCredential = createStoredCredentialOf(vault);
  const mutex = createKeyedMutex();
  const handle = createRegistryCommandHandler({ log, aggregates, vault, progress, storedCredential, mutex, now });

  const tests = createCredentialTests({ log, aggregates, progress, probe, minter, limiter, now });
  const beginVerification = createVerification({ tests, aggregates, registries });
  const minted = createMintedPasswords({ minter, vault: mintedPasswords, now, onFault });
  const logins = createEffectiveCredentials(vault, minted);
  const testStored = createStoredCredentialTest({ logins, probe, now });

  const createRegistry = createRegistryUseCase({ handle, beginVerification, plainHttpHosts });
  const updateRegistry = updateRegistryUseCase({ handle, storedCredential, beginVerification, now });
  const rotateCredential = rotateCredentialUseCase({ handle, leases, beginVerification });
  const deleteRegistry = deleteRegistryUseCase({ handle, leases });
  const issueCredential = issueCredentialUseCase({ log, aggregates, logins, progress, mutex, plainHttpHosts, now });
  const releaseLease = releaseLeaseUseCase({ log, aggregates, progress, now });
  const testRegistry = testRegistryUseCase({ tests, aggregates, testStored });
  const testCredentials = testCredentialsUseCase({ tests, probe, plainHttpHosts });
  const registryByUrl = registryByUrlUseCase({ registries, plainHttpHosts });
  const resolveImage = resolveImageUseCase({ registries, plainHttpHosts });

  /** Only a canonical URL is ever recorded: what was typed may hold a password. */
  function namedByUrl(projectId: string, parse: () => string): Pick<RefusedAttempt, 'registryId' | 'url'> {
    try {
      const url = parse();
      return { url, registryId: registryIdOf(projectId, url) };
    } catch {
      return {};
    }
  }
  const byUrl = (projectId: string, url: string) =>
    namedByUrl(projectId, () => parseRegistryUrl(url, { plainHttpHosts }).url);
  const byImage = (projectId: string, image: string) =>
    namedByUrl(projectId, () => registryUrlOfImage(image, { plainHttpHosts }).url);

  const application: Application = {
    createRegistry: (context, projectId, command) =>
      attempts.audited(
        context,
        () => ({ projectId, action: 'CREATE_REGISTRY', ...byUrl(projectId, command.url) }),
        () => createRegistry(context, projectId, command),
      ),
    updateRegistry: (context, projectId, id, command) =>
      attempts.audited(
        context,
        () => ({ projectId, action: 'UPDATE_REGISTRY', registryId: parseUuid(id) }),
        () => updateRegistry(context, projectId, id, command),
      ),
    rotateCredential: (context, projectId, id, command) =>
      attempts.audited(
        context,
        () => ({ projectId, action: 'ROTATE_CREDENTIAL', registryId: parseUuid(id) }),
        () => rotateCredential(context, projectId, id, command),
      ),
    deleteRegistry: (context, projectId, id, command) =>
      attempts.audited(
        context,
        () => ({ projectId, action: 'DELETE_REGISTRY', registryId: parseUuid(id) }),
        () => deleteRegistry(context, projectId, id, command),
      ),
    issueCredential: (context, projectId, command) =>
      attempts.audited(
        context,
        () => ({
          projectId,
          action: 'ISSUE_CREDENTIAL',
          ...byImage(projectId, command.image),
          pipeline: command.pipeline,
        }),
        () => issueCredential(context, projectId, command),
      ),
    releaseLease: (context, projectId, leaseId) =>
      attempts.audited(
        context,
        () => ({ projectId, action: 'RELEASE_LEASE', leaseId: parseUuid(leaseId) }),
        () => releaseLease(context, projectId, leaseId),
      ),

    testRegistry: (context, projectId, id, repository) =>
      attempts.audited(
        context,
        () => ({ projectId, action: 'TEST_REGISTRY', registryId: parseUuid(id) }),
        () => testRegistry(context, projectId, id, repository),
      ),
    testCredentials: (context, projectId, command) =>
      attempts.audited(
        context,
        () => ({ projectId, action: 'TEST_CREDENTIALS', ...byUrl(projectId, command.url) }),
        () => testCredentials(context, projectId, command),
      ),

    resolveImage,
    registryByUrl,

    recordDenied: attempts.recordDenied,
    recordFailed: attempts.recordFailed,
    countUnauthenticated: attempts.countUnauthenticated,
  };
  return { application, attempts, aggregates, tests, testStored };
}
