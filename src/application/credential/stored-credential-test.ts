import type { LeasePurpose } from '../../domain/credential.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import type { ProbeReport, RegistryProbe } from '../ports/registry-probe.ts';
import type { OpenEffectiveCredential } from './effective-credential.ts';
import { mintingFailureOf, reportOfFailure } from './minted-passwords.ts';
import type { AuthorisedRegistry } from './stored-secrets.ts';

export interface StoredCredentialTestDeps {
  readonly effectiveCredential: OpenEffectiveCredential;
  readonly probe: RegistryProbe;
  readonly now: () => number;
}

export interface StoredCredentialTest {
  /** What a minted password must allow. */
  readonly purpose: LeasePurpose;
  /** If null, only the login is tested. */
  readonly repository: string | null;
}

/**
 * Tests the credential that pipelines would get. If passwords are minted, the cloud's failure to mint one is a finding
 * too. Undefined if the secret is missing.
 */
export type TestStoredCredential = (
  authorised: AuthorisedRegistry,
  registry: LiveRegistry,
  test: StoredCredentialTest,
) => Promise<ProbeReport | undefined>;

export function createStoredCredentialTest({
  effectiveCredential,
  probe,
  now,
}: StoredCredentialTestDeps): TestStoredCredential {
  return async (authorised, registry, { purpose, repository }) => {
    const { url, provider, caCertificate, authRealmHost, access } = registry;
    const startedAt = now();
    try {
      const login = await effectiveCredential(authorised, registry, purpose);
      if (!login) return undefined;
      const { username, password } = login;
      const target = { url, provider, caCertificate, authRealmHost, access };
      return await probe.probe({ ...target, username, password, repository });
    } catch (error) {
      const failed = mintingFailureOf(error);
      if (failed === undefined) throw error;
      return reportOfFailure(failed, repository, now() - startedAt);
    }
  };
}
