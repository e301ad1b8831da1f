import { existing } from '../../domain/registry.ts';
import { broadestPurpose } from '../../domain/registry-details.ts';
import type { CredentialTests, TestedHealth } from '../credential/credential-tests.ts';
import type { TestStoredCredential } from '../credential/stored-credential-test.ts';
import { missingSecret } from '../credential/stored-secrets.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';
import { registryIdOf } from './registry-command-handler.ts';
import { checkRepository } from './registry-details.ts';

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
