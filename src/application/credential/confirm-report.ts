import type { LiveRegistry } from '../../domain/registry.ts';
import type { RateLimiter, ReturnableTurns } from '../ports/rate-limiter.ts';
import type { RegistryQueries } from '../ports/read-models.ts';
import { systemMetadata } from '../request-context.ts';
import { checkCredential } from './credential-checks.ts';
import type { CredentialTests } from './credential-tests.ts';
import type { TestStoredCredential } from './stored-credential-test.ts';
import type { AuthorisedRegistry } from './stored-secrets.ts';

export interface ConfirmReportDeps {
  readonly registries: Pick<RegistryQueries, 'refusalTold'>;
  readonly testStored: TestStoredCredential;
  readonly tests: Pick<CredentialTests, 'record'>;
  /** Of a registry in ten minutes: one login that shows something. */
  readonly confirmations: ReturnableTurns;
  /** Of a registry in ten minutes: how many logins that show nothing leave their turn to the next report. */
  readonly retries: RateLimiter;
}

/** `repository`: where to try if the registry asks nobody for a login. */
export type ConfirmReport = (
  authorised: AuthorisedRegistry,
  registry: LiveRegistry,
  repository: string | null,
) => Promise<void>;

/**
 * Logs in with the version that pipelines reported, before anybody is told: at most once for each registry in ten
 * minutes, and not if people were told of its refusal. What finds no turn waits (`confirm-waiting-reports.ts`).
 */
export function createConfirmReport(deps: ConfirmReportDeps): ConfirmReport {
  const { registries, testStored, tests, confirmations, retries } = deps;

  return async (authorised, registry, repository) => {
    const { projectId, registryId: id } = authorised;
    // A refusal that only the person who asked for the test has seen is no reason to skip it: nobody was told.
    if ((await registries.refusalTold(projectId, id)) === registry.credential.version) return;
    const turn = [`confirm ${id}`, 'purser'] as const;
    if ((await confirmations.take(...turn)) > 0) return;
    let showed = false;
    try {
      const report = await checkCredential(testStored, authorised, registry, repository);
      if (report) await tests.record(registry, report, { metadata: systemMetadata(projectId), scheduled: true });
      showed = report !== undefined && report.outcome !== 'UNREACHABLE';
    } finally {
      if (!showed && (await retries.take(`retry ${id}`, 'purser')) === 0) await confirmations.giveBack(...turn);
    }
  };
}
