import { diagnose } from '../../domain/diagnosis.ts';
import { type ComparedTest, PurserError } from '../../domain/errors.ts';
import { lessProved, provesEnough } from '../../domain/proof.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import { broadestPurpose } from '../../domain/registry-details.ts';
import type { RegistryQueries } from '../ports/read-models.ts';
import type { ProbeReport } from '../ports/registry-probe.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';
import type { CredentialTests } from './credential-tests.ts';
import type { TestStoredCredential } from './stored-credential-test.ts';
import { type AuthorisedRegistry, missingSecret } from './stored-secrets.ts';

export interface CredentialComparisonDeps {
  readonly tests: Pick<CredentialTests, 'run' | 'record'>;
  readonly testStored: TestStoredCredential;
  readonly registries: Pick<RegistryQueries, 'tellingRepository'>;
}

/** Two versions of one registry, each as if it were the current one. */
export interface ComparedVersions {
  readonly staged: LiveRegistry;
  readonly active: LiveRegistry;
}

/**
 * Tests both versions at the same moment and gives what was found of the staged one. If that proves too little, both
 * findings are recorded. @throws PurserError VERIFICATION_FAILED
 */
export type CompareCredentials = (
  context: RequestContext,
  authorised: AuthorisedRegistry,
  versions: ComparedVersions,
) => Promise<ProbeReport>;

export function createCredentialComparison({
  tests,
  testStored,
  registries,
}: CredentialComparisonDeps): CompareCredentials {
  return async (context, authorised, { staged, active }) => {
    const { projectId, registryId } = authorised;
    // A login alone shows neither what pipelines may do with it nor, where no login is asked for, anything at all.
    const repository = await registries.tellingRepository(projectId, registryId);
    const test = { purpose: broadestPurpose(active.access), repository };
    let activeReport: ProbeReport | undefined;
    const stagedReport = await tests.run(context, projectId, async () => {
      const [ofStaged, ofActive] = await Promise.all([
        testStored(authorised, staged, test),
        testStored(authorised, active, test).catch(unopened),
      ]);
      activeReport = ofActive;
      return ofStaged ?? missingSecret(staged.url);
    });
    if (provesEnough(active.access, stagedReport, activeReport ?? null)) return stagedReport;

    const how = { metadata: callerMetadata(context, projectId), scheduled: false };
    await tests.record(staged, stagedReport, how);
    if (activeReport) await tests.record(active, activeReport, how);
    throw refusal(staged, stagedReport, activeReport ?? null);
  };
}

/** An active password that is lost or damaged proves nothing. That must not stop its replacement. */
function unopened(error: unknown): undefined {
  if (!(error instanceof PurserError) || error.code !== 'CREDENTIAL_UNAVAILABLE') throw error;
}

function refusal(
  { provider, url, access }: LiveRegistry,
  staged: ProbeReport,
  active: ProbeReport | null,
): PurserError {
  const told = (report: ProbeReport): ComparedTest => {
    const { outcome, login, pull, push, repository } = report;
    return { outcome, advice: diagnose({ provider, url, ...report }), login, pull, push, repository };
  };
  const less = lessProved(access, staged, active);
  const why =
    less.length > 0 ? `it did not prove what the active one proves: ${less.join(', ')}` : 'its login was not proved';
  const details = { outcome: staged.outcome, staged: told(staged), active: active && told(active) };
  const advice = details.staged.advice ?? '';
  return new PurserError(
    'VERIFICATION_FAILED',
    `The staged credential was not activated, because ${why}. ${advice}`.trim(),
    details,
  );
}
