import type { Lease } from '../domain/lease.ts';
import { serverAddress } from '../domain/providers.ts';
import { Secret } from '../domain/secret.ts';
import type { IssuedCredential } from './application.ts';
import type { EffectiveCredential } from './effective-credential.ts';
import { leaseView } from './lease-view.ts';

/** What a pipeline gets: the login as it is, and as a file that clients read. */
export function issuedCredential(
  lease: Lease,
  { username, password, expiresAt, expirySource }: EffectiveCredential,
): IssuedCredential {
  const address = serverAddress(lease.url);
  const auth = Buffer.from(`${username}:${password.reveal()}`, 'utf8').toString('base64');
  return {
    lease: leaseView(lease),
    serverAddress: address,
    username,
    password,
    expiresAt,
    expirySource,
    dockerConfigJson: new Secret(JSON.stringify({ auths: { [address]: { auth } } })),
  };
}
