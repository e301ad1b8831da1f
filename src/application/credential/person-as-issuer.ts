import type { CredentialIssuer, Successor } from '../ports/credential-issuer.ts';

/** A person has created the credential, and only a person can revoke it. So nothing can be lost between call and answer. */
export function personAsIssuer({ password, username, mint, expiresAt }: Successor): CredentialIssuer {
  return {
    name: 'person',
    revocable: false,
    create: async () => ({ password, username, mint, expiresAt }),
    revoke: async () => undefined,
    list: async () => [],
  };
}
