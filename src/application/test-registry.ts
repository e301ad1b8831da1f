import { checkPassword, checkUsername, normalisePassword } from '../domain/entered-credential.ts';
import { badUserInput } from '../domain/errors.ts';
import { parseImageReference } from '../domain/image-reference.ts';
import type { RegistryProvider } from '../domain/providers/table.ts';
import { repositoryAt, resolveProvider } from '../domain/providers.ts';
import { parseRegistryUrl } from '../domain/registry-url.ts';
import type { HealthView } from '../domain/registry-view.ts';
import { checkPemCertificates, checkText } from '../domain/text-rules.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { TestCredentialsCommand } from './application.ts';
import type { CredentialTests } from './credential-tests.ts';
import { missingSecret } from './effective-credential.ts';
import { metadataOf } from './event-metadata.ts';
import { liveRegistryOf } from './own-registry.ts';
import type { RegistryProbe } from './ports/registry-probe.ts';
import type { RequestContext } from './request-context.ts';
import type { TestStoredCredential } from './stored-credential-test.ts';

/** What a test found, and whose registry it was: advice depends on the provider. */
export interface TestedHealth {
  readonly health: HealthView;
  readonly provider: RegistryProvider;
  readonly url: string;
}

export interface TestRegistryDeps {
  readonly tests: CredentialTests;
  readonly aggregates: AggregateStore;
  readonly testStored: TestStoredCredential;
}

/** Tests the stored credential; with a repository also whether it may pull and push there. */
export function testRegistryUseCase({ tests, aggregates, testStored }: TestRegistryDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string,
    repository: string | null | undefined,
  ): Promise<TestedHealth> => {
    const registry = await liveRegistryOf(aggregates, projectId, id);
    const { url, provider, access } = registry;
    const checked = checkRepository(repository, url);
    const purpose = access === 'PULL' ? 'PULL' : 'PUSH';
    const report = await tests.run(
      projectId,
      async () => (await testStored(registry, { purpose, repository: checked })) ?? missingSecret(url),
    );
    const metadata = metadataOf(context, projectId, null);
    return { health: await tests.record(registry, report, { metadata, scheduled: false }), provider, url };
  };
}

export interface TestCredentialsDeps {
  readonly tests: CredentialTests;
  readonly probe: RegistryProbe;
  readonly plainHttpHosts: ReadonlySet<string>;
}

/** The same before anything is stored. */
export function testCredentialsUseCase({ tests, probe, plainHttpHosts }: TestCredentialsDeps) {
  return async (context: RequestContext, projectId: string, command: TestCredentialsCommand): Promise<TestedHealth> => {
    const { url } = parseRegistryUrl(command.url, { plainHttpHosts });
    const provider = resolveProvider(url, command.provider ?? undefined);
    const username = checkText('username', command.username, { max: 255 });
    checkUsername(provider, username);
    checkPassword(provider, username, command.password);
    const password = normalisePassword(provider, username, command.password);
    const caCertificate = command.caCertificate ? checkPemCertificates('caCertificate', command.caCertificate) : null;
    const repository = checkRepository(command.repository, url);
    const request = { url, provider, username, password, caCertificate, repository };
    const report = await tests.run(projectId, () => probe.probe(request));
    const health = await tests.recordUnstored(projectId, url, report, metadataOf(context, projectId, null));
    return { health, provider, url };
  };
}

/** A name below the registry, by the rules for image references. */
function checkRepository(entered: string | null | undefined, url: string): string | null {
  if (entered === null || entered === undefined || entered.trim() === '') return null;
  const name = entered.trim();
  try {
    const reference = parseImageReference(`${url}/${name}`);
    if (reference.repository === repositoryAt(url, name)) return name;
  } catch {
    // Said below, about the field that was entered.
  }
  throw badUserInput(
    'repository',
    'repository is the name below the registry, such as team/app, without tag or digest.',
  );
}
