import { describe, expect, it } from 'vitest';
import type { MintSettings } from '../../src/components/mint-fields.ts';
import { credentialDraft, credentialInput, isMultiline } from '../../src/views/rotate/entered-credential.ts';

const SECRET = 'typed';
const none = {
  apiUrl: null,
  clientId: null,
  externalId: null,
  installationId: null,
  providerName: null,
  robot: null,
  roleArn: null,
  serviceAccountEmail: null,
  tenantId: null,
  workloadIdentityProvider: null,
};
const azure: MintSettings = { ...none, kind: 'AZURE', federated: false, tenantId: 'contoso.onmicrosoft.com' };

describe('the next version of a credential', () => {
  it('is the secret alone, unless something else was entered', () => {
    expect(credentialInput(credentialDraft(null), null, SECRET)).toEqual({ password: SECRET });
    expect(
      credentialInput(
        { ...credentialDraft(null), username: ' bob ', expiresAt: '2027-01-01T00:00:00.000Z' },
        null,
        SECRET,
      ),
    ).toEqual({ password: SECRET, username: 'bob', expiresAt: '2027-01-01T00:00:00.000Z' });
  });

  it('keeps how passwords are minted if nothing of it was changed', () => {
    expect(credentialDraft(azure).mint).toEqual({ tenantId: 'contoso.onmicrosoft.com' });
    expect(credentialInput(credentialDraft(azure), azure, SECRET)).toEqual({ password: SECRET });
  });

  it('changes it as a whole', () => {
    const entered = { ...credentialDraft(azure), mint: { tenantId: 'other.onmicrosoft.com' } };
    expect(credentialInput(entered, azure, SECRET)).toEqual({
      password: SECRET,
      mint: { kind: 'AZURE', federated: false, tenantId: 'other.onmicrosoft.com' },
    });
  });

  it('ends minting by null, with the password that is issued from then on', () => {
    expect(credentialInput({ ...credentialDraft(azure), choice: 'password' }, azure, SECRET)).toEqual({
      password: SECRET,
      mint: null,
    });
  });

  it('has no login where none is stored', () => {
    const entered = {
      ...credentialDraft(azure),
      choice: { kind: 'AZURE', federated: true } as const,
      mint: { tenantId: 't', clientId: 'c' },
      username: 'left from before',
    };
    expect(credentialInput(entered, azure, SECRET)).toEqual({
      mint: { kind: 'AZURE', federated: true, tenantId: 't', clientId: 'c' },
    });
  });

  it('spans lines where it is a key', () => {
    expect(isMultiline('password', 'GENERIC')).toBe(false);
    expect(isMultiline('password', 'GOOGLE')).toBe(true);
    expect(isMultiline({ kind: 'GITHUB_APP', federated: false }, 'GITHUB')).toBe(true);
    expect(isMultiline({ kind: 'AZURE', federated: false }, 'AZURE')).toBe(false);
  });
});
