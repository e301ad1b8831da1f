import { existing } from '../../domain/registry.ts';
import { stagedAs, withStaged } from '../../domain/rotation.ts';
import type { CredentialComparison, RecordedComparison } from '../credential/credential-comparison.ts';
import type { TestedHealth } from '../credential/credential-tests.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { RequestContext } from '../request-context.ts';
import { registryIdOf } from './registry-command-handler.ts';

export interface TestStagedCredentialDeps {
  readonly aggregates: Pick<AggregateStore, 'loadRegistry'>;
  readonly comparison: Pick<CredentialComparison, 'compare' | 'record'>;
}

export interface StagedCredentialTest extends RecordedComparison, Pick<TestedHealth, 'provider' | 'url'> {
  /** Why an activation with a test would be refused, in a sentence; null if it would not. */
  readonly reason: string | null;
}

/**
 * Tests the staged version beside the active one, as an activation does, and changes nothing.
 * @throws PurserError NOT_FOUND if another version or none is staged, RATE_LIMITED, CREDENTIAL_UNAVAILABLE
 */
export function testStagedCredentialUseCase({ aggregates, comparison }: TestStagedCredentialDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    version: number,
  ): Promise<StagedCredentialTest> => {
    const authorised = { projectId, registryId: registryIdOf(id) };
    const active = existing((await aggregates.loadRegistry(projectId, authorised.registryId)).state);
    const versions = { staged: withStaged(active, stagedAs(active, version)), active };
    const found = await comparison.compare(context, authorised, versions);
    const { url, provider } = active;
    const reason = found.lacks === null ? null : `Version ${version} would not be activated, because ${found.lacks}.`;
    return { ...(await comparison.record(context, versions, found)), reason, url, provider };
  };
}
