import { notFound } from '../domain/errors.ts';
import { existing, type LiveRegistry } from '../domain/registry.ts';
import { broadestPurpose } from '../domain/registry-details.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { CredentialTests, TestedHealth } from './credential-tests.ts';
import { missingSecret } from './effective-credential.ts';
import { registryIdOf } from './registry-command-handler.ts';
import { checkRepository } from './registry-details.ts';
import { callerMetadata, type RequestContext } from './request-context.ts';
import type { TestStoredCredential } from './stored-credential-test.ts';

export interface TestRegistryDeps {
  readonly tests: CredentialTests;
  readonly aggregates: AggregateStore;
  readonly testStored: TestStoredCredential;
}

/** Tests the stored credential; with a repository, also whether it may pull and push there. */
export function testRegistryUseCase({ tests, aggregates, testStored }: TestRegistryDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    repository: string | null | undefined,
  ): Promise<TestedHealth> => {
    const registry = await liveRegistry(projectId, registryIdOf(id));
    const { url, provider, access } = registry;
    const checked = checkRepository(repository, url);
    const purpose = broadestPurpose(access);
    const report = await tests.run(
      projectId,
      async () => (await testStored(registry, { purpose, repository: checked })) ?? missingSecret(url),
    );
    const metadata = callerMetadata(context, projectId);
    return { health: await tests.record(registry, report, { metadata, scheduled: false }), provider, url };
  };

  /** @throws PurserError NOT_FOUND, equal for another project's registry, a deleted one and one that never existed */
  async function liveRegistry(projectId: string, registryId: string): Promise<LiveRegistry> {
    const { state } = await aggregates.loadRegistry(registryId);
    const live = existing(state);
    if (live.projectId !== projectId) throw notFound('registry');
    return live;
  }
}
