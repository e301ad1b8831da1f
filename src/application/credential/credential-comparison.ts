import { diagnose } from '../../domain/diagnosis.ts';
import { type ComparedTest, PurserError } from '../../domain/errors.ts';
import { shortfall } from '../../domain/proof.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import { broadestPurpose } from '../../domain/registry-details.ts';
import type { HealthView } from '../../domain/registry-view.ts';
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

/** What tests of both versions at the same moment found. */
export interface Comparison {
  readonly staged: ProbeReport;
  /** Null if the active password is lost or damaged: it proves nothing then. */
  readonly active: ProbeReport | null;
  /** What the staged version lacks to take the active one's place, as the end of a sentence; null if nothing. */
  readonly lacks: string | null;
}

export interface CredentialComparison {
  /** Tests both versions at the same moment, as one test of the limit. @throws PurserError RATE_LIMITED, CREDENTIAL_UNAVAILABLE */
  compare(context: RequestContext, authorised: AuthorisedRegistry, versions: ComparedVersions): Promise<Comparison>;
  /** Before it resolves, writes what was found of each version. */
  record(context: RequestContext, versions: ComparedVersions, found: Comparison): Promise<RecordedComparison>;
  /**
   * For an activation: gives what was found of the staged version. If that proves too little, both findings are recorded.
   * @throws PurserError VERIFICATION_FAILED, and what `compare` throws
   */
  require(context: RequestContext, authorised: AuthorisedRegistry, versions: ComparedVersions): Promise<ProbeReport>;
}

export interface RecordedComparison {
  readonly staged: HealthView;
  readonly active: HealthView | null;
}

export function createCredentialComparison(deps: CredentialComparisonDeps): CredentialComparison {
  const { tests, testStored, registries } = deps;

  const compare: CredentialComparison['compare'] = async (context, authorised, { staged, active }) => {
    const { projectId, registryId } = authorised;
    // A login alone shows neither what pipelines may do with it nor, where no login is asked for, anything at all.
    const repository = await registries.tellingRepository(projectId, registryId);
    const test = { purpose: broadestPurpose(active.access), repository };
    let activeReport: ProbeReport | null = null;
    const stagedReport = await tests.run(context, projectId, async () => {
      const [ofStaged, ofActive] = await Promise.all([
        testStored(authorised, staged, test),
        testStored(authorised, active, test).catch(unopened),
      ]);
      activeReport = ofActive ?? null;
      return ofStaged ?? missingSecret(staged.url);
    });
    return { staged: stagedReport, active: activeReport, lacks: shortfall(active.access, stagedReport, activeReport) };
  };

  const record: CredentialComparison['record'] = async (context, { staged, active }, found) => {
    const how = { metadata: callerMetadata(context, active.projectId), scheduled: false };
    const ofStaged = await tests.record(staged, found.staged, how);
    return { staged: ofStaged, active: found.active && (await tests.record(active, found.active, how)) };
  };

  return {
    compare,
    record,
    async require(context, authorised, versions) {
      const found = await compare(context, authorised, versions);
      if (found.lacks === null) return found.staged;
      await record(context, versions, found);
      throw refusal(versions.staged, found, found.lacks);
    },
  };
}

/** An active password that is lost or damaged proves nothing. That must not stop its replacement. */
function unopened(error: unknown): undefined {
  if (!(error instanceof PurserError) || error.code !== 'CREDENTIAL_UNAVAILABLE') throw error;
}

function refusal({ provider, url }: LiveRegistry, { staged, active }: Comparison, lacks: string): PurserError {
  const told = (report: ProbeReport): ComparedTest => {
    const { outcome, login, pull, push, repository } = report;
    return { outcome, advice: diagnose({ provider, url, ...report }), login, pull, push, repository };
  };
  const details = { outcome: staged.outcome, staged: told(staged), active: active && told(active) };
  const advice = details.staged.advice ?? '';
  return new PurserError(
    'VERIFICATION_FAILED',
    `The staged credential was not activated, because ${lacks}. ${advice}`.trim(),
    details,
  );
}
