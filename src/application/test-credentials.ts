import { checkPassword, checkUsername, checkUsernameText, normalisePassword } from '../domain/entered-credential.ts';
import type { RegistryProvider } from '../domain/providers/table.ts';
import { resolveProvider } from '../domain/providers.ts';
import { checkRealmHost } from '../domain/realm-host.ts';
import { parseRegistryUrl } from '../domain/registry-url.ts';
import type { Secret } from '../domain/secret.ts';
import { checkPemCertificates } from '../domain/text-rules.ts';
import type { CredentialTests, TestedHealth } from './credential-tests.ts';
import type { RegistryProbe } from './ports/registry-probe.ts';
import { checkRepository, unlessBlank } from './registry-details.ts';
import { callerMetadata, type RequestContext } from './request-context.ts';

export interface TestCredentialsCommand {
  readonly url: string;
  readonly username: string;
  readonly password: Secret;
  readonly provider: RegistryProvider | null | undefined;
  readonly caCertificate: string | null | undefined;
  readonly authRealmHost: string | null | undefined;
  readonly repository: string | null | undefined;
}

export interface TestCredentialsDeps {
  readonly tests: CredentialTests;
  readonly probe: RegistryProbe;
  readonly plainHttpHosts: ReadonlySet<string>;
}

/** Tests a credential before anything is stored. */
export function testCredentialsUseCase({ tests, probe, plainHttpHosts }: TestCredentialsDeps) {
  return async (context: RequestContext, projectId: string, command: TestCredentialsCommand): Promise<TestedHealth> => {
    const { url } = parseRegistryUrl(command.url, { plainHttpHosts });
    const provider = resolveProvider(url, command.provider ?? undefined);
    const username = checkUsernameText(command.username);
    checkUsername(provider, username);
    checkPassword(provider, username, command.password);
    const password = normalisePassword(provider, username, command.password);
    const caCertificate = command.caCertificate ? checkPemCertificates('caCertificate', command.caCertificate) : null;
    const realmHost = unlessBlank(command.authRealmHost);
    const authRealmHost = realmHost ? checkRealmHost(realmHost) : null;
    const repository = checkRepository(command.repository, url);
    const request = { url, provider, username, password, caCertificate, authRealmHost, repository };
    const report = await tests.run(context, projectId, () => probe.probe(request));
    const health = await tests.recordUnstored(projectId, url, report, callerMetadata(context, projectId));
    return { health, provider, url };
  };
}
