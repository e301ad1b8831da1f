import type { CredentialForm } from './credential.ts';
import { Secret } from './secret.ts';

/** The user name that clients give to an identity token: a refresh token for the registry's token server. */
const IDENTITY_TOKEN_USER = '<token>';

export interface DockerConfigEntry {
  /** The key under which clients look up the registry. */
  readonly serverAddress: string;
  readonly username: string;
  /** Or the registry token. */
  readonly password: Secret;
  readonly form: CredentialForm;
}

/** The text of a `config.json`. Of two entries with one address, the last counts. */
export function dockerConfig(entries: readonly DockerConfigEntry[]): Secret {
  const auths = Object.fromEntries(entries.map((entry) => [entry.serverAddress, authOf(entry)]));
  return new Secret(JSON.stringify({ auths }));
}

/**
 * `<token>` is a word of the credential-helper protocol. In a file, clients would send it as a user name; there the token
 * has a member of its own (docker/cli, credentials/native_store.go). containers/image skips entries whose `auth` has no
 * colon, so it stays, with an empty password.
 */
function authOf({ username, password, form }: DockerConfigEntry): Record<string, string> {
  // BuildKit sends it as it is (moby/buildkit, session/auth/authprovider). Clients that do not know it go on anonymously.
  if (form === 'REGISTRY_TOKEN') return { registrytoken: password.reveal() };
  if (username !== IDENTITY_TOKEN_USER) return { auth: base64(`${username}:${password.reveal()}`) };
  return { auth: base64(`${username}:`), identitytoken: password.reveal() };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
