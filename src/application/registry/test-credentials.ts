import type { MintConfig } from '../../domain/credential.ts';
import { checkUsernameText } from '../../domain/entered-credential.ts';
import { federatedLogin, requirePassword, requireUsername } from '../../domain/entered-login.ts';
import type { Instant } from '../../domain/instant.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import { resolveProvider } from '../../domain/providers.ts';
import { checkRealmHost } from '../../domain/realm-host.ts';
import type { RegistryAccess } from '../../domain/registry-details.ts';
import { parseRegistryUrl } from '../../domain/registry-url.ts';
import type { Secret } from '../../domain/secret.ts';
import { checkPemCertificates } from '../../domain/text-rules.ts';
import type { CredentialTests, TestedHealth } from '../credential/credential-tests.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';
import { checkCredential, checkRepository, unlessBlank } from './registry-details.ts';

export interface TestCredentialsCommand {
  readonly url: string;
  readonly username: string | null | undefined;
  readonly password: Secret | null | undefined;
  readonly mint: MintConfig | null | undefined;
  readonly access: RegistryAccess | null | undefined;
  readonly provider: RegistryProvider | null | undefined;
  readonly caCertificate: string | null | undefined;
  readonly authRealmHost: string | null | undefined;
  readonly repository: string | null | undefined;
}

export interface TestCredentialsDeps {
  readonly tests: Pick<CredentialTests, 'runEntered' | 'recordUnstored'>;
  readonly plainHttpHosts: ReadonlySet<string>;
  /** Whether the service has an issuer, so that passwords can be minted without a stored secret. */
  readonly offersFederation: boolean;
}

/** What a test found of a credential that is not stored, and what storing it would show. */
export interface TestedCredential extends TestedHealth {
  /** When it expires, as its own text or the registry tells; null if neither does. */
  readonly expiresAt: Instant | null;
  /** Advice about the shape of the secret. */
  readonly warnings: readonly string[];
}

/** Tests a credential before anything is stored. */
export function testCredentialsUseCase({ tests, plainHttpHosts, offersFederation }: TestCredentialsDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    command: TestCredentialsCommand,
  ): Promise<TestedCredential> => {
    const { url } = parseRegistryUrl(command.url, { plainHttpHosts });
    const provider = resolveProvider(url, command.provider ?? undefined);
    const mint = command.mint ?? null;
    const federated = federatedLogin(command, mint, offersFederation);
    const username = federated?.username ?? checkUsernameText(requireUsername(command.username, mint));
    const entered = federated?.password ?? requirePassword(command.password, mint);
    const { password, proposed } = checkCredential(provider, username, entered, { expiresAt: null, mint });
    const caCertificate = command.caCertificate ? checkPemCertificates('caCertificate', command.caCertificate) : null;
    const realmHost = unlessBlank(command.authRealmHost);
    const authRealmHost = realmHost ? checkRealmHost(realmHost) : null;
    const repository = checkRepository(command.repository, url);
    const access = command.access ?? 'PULL_AND_PUSH';
    const request = { url, provider, username, password, caCertificate, authRealmHost, repository, access };
    const report = await tests.runEntered(context, projectId, request, mint);
    const health = await tests.recordUnstored(projectId, url, report, callerMetadata(context, projectId));
    // What was minted for the test ends soon, which says nothing of what it was minted from.
    const told = mint === null ? report.expiresAt : null;
    return { health, provider, url, expiresAt: earlier(proposed.expiresAt, told), warnings: proposed.warnings };
  };
}

function earlier(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
