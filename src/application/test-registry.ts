import { existing } from '../domain/registry.ts';
import { broadestPurpose } from '../domain/registry-details.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { CredentialTests, TestedHealth } from './credential-tests.ts';
import { registryIdOf } from './registry-command-handler.ts';
import { checkRepository } from './registry-details.ts';
import { callerMetadata, type RequestContext } from './request-context.ts';
import type { TestStoredCredential } from './stored-credential-test.ts';
import { missingSecret } from './stored-secrets.ts';

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
    const authorised = { projectId, registryId: registryIdOf(id) };
    const registry = existing((await aggregates.loadRegistry(projectId, authorised.registryId)).state);
    const { url, provider, access } = registry;
    const checked = checkRepository(repository, url);
    const purpose = broadestPurpose(access);
    const report = await tests.run(
      context,
      projectId,
      async () => (await testStored(authorised, registry, { purpose, repository: checked })) ?? missingSecret(url),
    );
    const metadata = callerMetadata(context, projectId);
    return { health: await tests.record(registry, report, { metadata, scheduled: false }), provider, url };
  };
}
