import type { MintConfig } from '../../domain/credential.ts';
import { registryId } from '../../domain/identity.ts';
import { broadestPurpose } from '../../domain/registry-details.ts';
import { MintingFailed, type PasswordMinter } from '../ports/password-minter.ts';
import type { ProbeReport, ProbeRequest, RegistryProbe } from '../ports/registry-probe.ts';
import { reportOfFailure } from './minted-passwords.ts';

export interface EnteredCredentialTestDeps {
  readonly minter: PasswordMinter;
  readonly probe: RegistryProbe;
  readonly now: () => number;
}

/**
 * Tests a credential that is not stored. With `mint` the request holds a cloud's credential: one password is minted from it,
 * tested and kept nowhere, and the cloud's failure to mint one is a finding too.
 */
export type TestEnteredCredential = (
  projectId: string,
  request: ProbeRequest,
  mint: MintConfig | null,
) => Promise<ProbeReport>;

export function createEnteredCredentialTest({ minter, probe, now }: EnteredCredentialTestDeps): TestEnteredCredential {
  return async (projectId, request, mint) => {
    if (mint === null) return probe.probe(request);
    const startedAt = now();
    const { url, username, password, repository } = request;
    const owner = { projectId, registryId: registryId(projectId, url) };
    const purpose = broadestPurpose(request.access);
    try {
      const minted = await minter.mint({ mint, url, owner, source: { username, password }, purpose });
      return await probe.probe({ ...request, username: minted.username, password: minted.password });
    } catch (error) {
      if (!(error instanceof MintingFailed)) throw error;
      return reportOfFailure(error, repository, now() - startedAt);
    }
  };
}
